// What a condition on node-up or node-down means: the nodes that it is about. Pure: init-checkconf and initctl link it.
#pragma once

#include "daemons/bridge/conditions/job-conditions.hpp"

#include <expected>
#include <span>
#include <string>
#include <string_view>

namespace upstart::mqtt_bridge {

inline constexpr std::string_view node_up = "node-up", node_down = "node-down";

struct NodeCondition {
  bool up = false;
  std::string pattern = "*"; // of the names of nodes
  friend bool operator==(const NodeCondition&, const NodeCondition&) = default;
};

[[nodiscard]] constexpr bool is_node_event(std::string_view event) { return event == node_up || event == node_down; }

// Whether the match says of which node its event is to be.
[[nodiscard]] bool names_node(const bridge::Match& match);

// `event` is one of these two.
[[nodiscard]] std::expected<NodeCondition, bridge::ConditionFault>
parse_node_condition(std::string_view event, std::span<const std::string> arguments);

} // namespace upstart::mqtt_bridge
