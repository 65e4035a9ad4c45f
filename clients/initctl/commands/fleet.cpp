// fleet: the nodes of the fleet that this machine is one of.
#include "clients/initctl/command/command.hpp"
#include "clients/initctl/fleet/at-node.hpp"
#include "clients/initctl/fleet/fleet-bridge.hpp"
#include "clients/initctl/history/past-event.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <format>

namespace upstart::client {

namespace {

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

// Since when a node is offline nobody has written down: its last connection is told.
std::string to_text(const FleetNodes& fleet) {
  if (fleet.nodes.empty()) return std::format("The fleet {} has no nodes yet.\n", fleet.fleet);
  auto text = std::format("{:24} {:8} {:24} {:>7}  {}\n", "NODE", "STATE", "CONNECTED", "RUNNING", "FAILED");
  for (const auto& node : fleet.nodes)
    text += std::format("{:24} {:8} {:24} {:>7}  {}\n", node.name, node.online ? "online" : "offline",
                        shown_time(node.since), node.online ? std::to_string(node.running) : "-",
                        node.failed.empty() ? "-" : joined(node.failed));
  return text;
}

Json to_json(const FleetNode& node) {
  return {{"name", node.name},       {"online", node.online}, {"connected", node.since.time_since_epoch().count()},
          {"version", node.version}, {"boot", node.boot},     {"running", node.online ? Json(node.running) : Json()},
          {"failed", node.failed}};
}

Outcome fleet(Call& call) {
  auto limit = time_limit(call);
  if (!limit) return std::unexpected{limit.error()};
  auto found = FleetBridge{*call.upstart, *limit}.nodes();
  if (!found) return std::unexpected{found.error()};
  if (!call.wants_json()) return call.print(to_text(*found)), 0;
  Json nodes = Json::array();
  for (const auto& node : found->nodes) nodes.push_back(to_json(node));
  call.print_json({{"fleet", found->fleet}, {"nodes", nodes}});
  return 0;
}

// Kept for as long as the program runs, as the text of every command is.
std::string_view about() {
  static const std::string text = [] {
    std::string commands;
    auto all = commands_at_nodes();
    for (auto name : all)
      commands += std::format("{}{}", name == all.front() ? "" : name == all.back() ? " and " : ", ", name);
    return std::format(
        "For each node: whether it is online, when it last connected to the broker, how many instances of jobs run on "
        "it, and which jobs failed. upstart-mqtt-bridge(8) says what a fleet is.\n"
        "Commands of another node are given with --node NODE: {}.",
        commands);
  }();
  return text;
}

} // namespace

std::vector<Command> fleet_commands() {
  return {{.name = "fleet",
           .group = insight_group,
           .summary = "List the nodes of the fleet that this machine is one of.",
           .synopsis = "",
           .about = about(),
           .missing = "",
           .options = {},
           .run = fleet}};
}

} // namespace upstart::client
