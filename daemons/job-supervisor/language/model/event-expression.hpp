// An event expression, as `start on` and `stop on` carry it: a tree whose leaves match events and whose inner nodes
// are `and` and `or`, kept flat in postfix order (operands before their operator), which is also the order in which
// D-Bus shows it. Immutable once parsed; which nodes are true is kept elsewhere, one state for each owner.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace upstart::supervisor {

// VALUE (positional: no key), KEY=VALUE or KEY!=VALUE. The pattern may hold $NAME references and fnmatch(3) wildcards.
struct EventArgument {
  std::optional<std::string> key;
  bool negated = false;
  std::string pattern;
  friend bool operator==(const EventArgument&, const EventArgument&) = default;
};

struct ExpressionNode {
  enum class Kind : std::uint8_t { match, all_of, any_of };
  Kind kind = Kind::match;
  std::uint32_t left = 0; // operators only: index of the left operand; the right one is the node just before
  std::string event = {}; // matches only
  std::vector<EventArgument> arguments = {};
  friend bool operator==(const ExpressionNode&, const ExpressionNode&) = default;
};

struct EventExpression {
  std::vector<ExpressionNode> nodes; // postfix; empty: there is no expression
  [[nodiscard]] bool empty() const { return nodes.empty(); }
  friend bool operator==(const EventExpression&, const EventExpression&) = default;
};

// An argument as it is written, without quotes, and the reverse.
[[nodiscard]] std::string to_string(const EventArgument& argument);
[[nodiscard]] EventArgument argument_of(std::string_view word);

// `left or right`; either may be empty.
[[nodiscard]] EventExpression any_of(EventExpression left, EventExpression right);

// As the properties start_on and stop_on show it: [EVENT, ARG…], ["/AND"], ["/OR"].
[[nodiscard]] std::vector<std::vector<std::string>> postfix(const EventExpression& expression);
// The reverse; nothing where the rows are no expression.
[[nodiscard]] std::optional<EventExpression> expression_of_postfix(const std::vector<std::vector<std::string>>& rows);

} // namespace upstart::supervisor
