#include "clients/initctl/fleet/at-node.hpp"

#include "clients/initctl/fleet/fleet-bridge.hpp"

#include <algorithm>
#include <array>
#include <format>

namespace upstart::client {

namespace {

constexpr std::array<std::string_view, 8> at_nodes{"list",    "status", "start",   "stop",
                                                   "restart", "reload", "explain", "log"};

// Of the options that every command takes, those that are about which Upstart of this machine is asked stay here, and
// so does --quiet; --json does where the command prints nothing.
std::vector<std::string> words_of(const Command& command, const Call& call) {
  std::vector<std::string> words{std::string{command.name}};
  for (const auto& option : command.options) {
    std::string name{option.flags.substr(option.flags.find("--"))};
    if (auto value = call.options.value(name)) words.push_back(option.value.empty() ? name : name + "=" + *value);
  }
  if (call.wants_json() && command.name != "reload") words.emplace_back("--json");
  words.emplace_back("--");
  words.insert(words.end(), call.arguments.begin(), call.arguments.end());
  return words;
}

Outcome executed(Call& call, const NodeReply& reply) {
  call.print(reply.output);
  call.context.out.flush();
  call.context.err << reply.errors;
  return reply.status;
}

} // namespace

std::span<const std::string_view> commands_at_nodes() { return at_nodes; }

Outcome perform_at_node(const Command& command, Call& call) {
  if (!std::ranges::contains(at_nodes, command.name))
    return std::unexpected{Failure{std::format("`{}' cannot be sent to another node", command.name), true}};
  auto limit = time_limit(call);
  if (!limit) return std::unexpected{limit.error()};
  return with_upstart(call.target_options(), call.context, [&](Upstart& upstart) -> Outcome {
    auto reply = FleetBridge{upstart, *limit}.call(*call.options.value("--node"), words_of(command, call));
    if (!reply) return std::unexpected{reply.error()};
    return executed(call, *reply);
  });
}

bool is_for_fleet(const Call& call) { return call.has("--fleet") || call.has("--node"); }

Outcome emit_to_fleet(Call& call) {
  auto node = call.options.value("--node");
  if (node && call.has("--fleet"))
    return std::unexpected{Failure{"--fleet sends to all nodes, and --node to some: give one of them", true}};
  if (node && node->empty()) return std::unexpected{Failure{"--node needs the name of a node, or a pattern", true}};
  auto limit = time_limit(call);
  if (!limit) return std::unexpected{limit.error()};
  auto notes = FleetBridge{*call.upstart, *limit}.emit(node.value_or(""), call.arguments[0], call.arguments_from(1),
                                                       !call.has("--no-wait"));
  if (!notes) return std::unexpected{notes.error()};
  for (const auto& note : *notes) call.context.err << std::format("{}: {}\n", call.context.program, note);
  return 0;
}

} // namespace upstart::client
