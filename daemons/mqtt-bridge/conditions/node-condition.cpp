#include "daemons/mqtt-bridge/conditions/node-condition.hpp"

#include "daemons/bridge/conditions/variables.hpp"

#include <algorithm>

namespace upstart::mqtt_bridge {

bool names_node(const bridge::Match& match) {
  return std::ranges::any_of(match.arguments, [](const auto& argument) {
    return argument.starts_with("NODE=") || argument.starts_with("NODE!=");
  });
}

std::expected<NodeCondition, bridge::ConditionFault> parse_node_condition(std::string_view event,
                                                                          std::span<const std::string> arguments) {
  // As in any condition, a word without a variable is the value of the first one.
  constexpr std::string_view variable = "NODE=";
  std::vector<std::string> named{arguments.begin(), arguments.end()};
  if (named.size() == 1 && !named.front().contains('=')) named.front().insert(0, variable);
  auto variables = bridge::variables_of(named, bridge::Patterns::allowed);
  if (!variables) return std::unexpected(variables.error());
  NodeCondition condition{.up = event == node_up};
  for (const auto& entry : variables->strings()) {
    auto key = protocol::key_of(entry);
    if (key != "NODE")
      return std::unexpected(
          bridge::ConditionFault{std::string{key}, "the event has no such variable; it has NODE alone"});
    condition.pattern = protocol::value_of(entry);
  }
  if (condition.pattern.empty())
    return std::unexpected(bridge::ConditionFault{"NODE", "is empty; the name of a node, or a pattern, is needed"});
  return condition;
}

} // namespace upstart::mqtt_bridge
