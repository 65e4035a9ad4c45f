#include "clients/initctl/fleet/at-node.hpp"

#include "clients/initctl/fleet/fleet-bridge.hpp"

#include <algorithm>
#include <array>
#include <format>

namespace upstart::client {

namespace {

// That another node executes, if it is asked to and allows it.
constexpr std::array<std::string_view, 8> at_nodes{"list",    "status", "start",   "stop",
                                                   "restart", "reload", "explain", "log"};
// Of the options that every command takes, those that are not about which Upstart of this machine is asked.
constexpr std::array<std::string_view, 2> for_there{"--json", "--quiet"};

std::vector<std::string> words_of(const Command& command, const Call& call) {
  std::vector<std::string> words{std::string{command.name}};
  auto add = [&](const std::string& name) {
    if (auto value = call.options.value(name)) words.push_back(value->empty() ? name : name + "=" + *value);
  };
  for (const auto& option : command.options) add(std::string{option.flags.substr(option.flags.find("--"))});
  for (auto name : for_there) add(std::string{name});
  words.emplace_back("--");
  words.insert(words.end(), call.arguments.begin(), call.arguments.end());
  return words;
}

Outcome executed(Call& call, const NodeReply& reply) {
  call.context.out.write(reply.output);
  call.context.out.flush();
  call.context.err << reply.errors;
  return reply.status;
}

} // namespace

Outcome perform_at_node(const Command& command, Call& call) {
  if (!std::ranges::contains(at_nodes, command.name))
    return std::unexpected{
        Failure{std::format("`{}' is not executed by other nodes; --node is not for it", command.name), true}};
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
