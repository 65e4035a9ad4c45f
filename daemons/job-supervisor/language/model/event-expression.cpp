#include "daemons/job-supervisor/language/model/event-expression.hpp"

#include <utility>

namespace upstart::supervisor {

namespace {

using Kind = ExpressionNode::Kind;

std::vector<std::string> row_of(const ExpressionNode& node) {
  if (node.kind != Kind::match) return {node.kind == Kind::all_of ? "/AND" : "/OR"};
  std::vector<std::string> row{node.event};
  for (const auto& argument : node.arguments) row.push_back(to_string(argument));
  return row;
}

} // namespace

std::string to_string(const EventArgument& argument) {
  if (!argument.key) return argument.pattern;
  return *argument.key + (argument.negated ? "!=" : "=") + argument.pattern;
}

EventArgument argument_of(std::string_view word) {
  const auto equals = word.find('=');
  if (equals == std::string_view::npos) return {.key = {}, .pattern = std::string(word)};
  std::string key(word.substr(0, equals));
  const bool negated = key.ends_with('!');
  if (negated) key.pop_back();
  return {.key = std::move(key), .negated = negated, .pattern = std::string(word.substr(equals + 1))};
}

std::vector<std::vector<std::string>> postfix(const EventExpression& expression) {
  std::vector<std::vector<std::string>> rows;
  rows.reserve(expression.nodes.size());
  for (const auto& node : expression.nodes) rows.push_back(row_of(node));
  return rows;
}

std::optional<EventExpression> expression_of_postfix(const std::vector<std::vector<std::string>>& rows) {
  EventExpression expression;
  std::vector<std::uint32_t> roots;
  for (const auto& row : rows) {
    if (row.empty()) return std::nullopt;
    ExpressionNode node;
    if (row == std::vector<std::string>{"/AND"} || row == std::vector<std::string>{"/OR"}) {
      if (roots.size() < 2) return std::nullopt;
      node.kind = row[0] == "/AND" ? Kind::all_of : Kind::any_of;
      roots.pop_back();
      node.left = roots.back();
      roots.pop_back();
    } else {
      node.event = row[0];
      for (std::size_t i = 1; i < row.size(); ++i) node.arguments.push_back(argument_of(row[i]));
    }
    roots.push_back(static_cast<std::uint32_t>(expression.nodes.size()));
    expression.nodes.push_back(std::move(node));
  }
  if (roots.size() > 1) return std::nullopt;
  return expression;
}

EventExpression any_of(EventExpression left, EventExpression right) {
  if (left.empty()) return right;
  if (right.empty()) return left;
  const auto shift = static_cast<std::uint32_t>(left.nodes.size());
  for (auto& node : right.nodes) {
    if (node.kind != Kind::match) node.left += shift;
    left.nodes.push_back(std::move(node));
  }
  ExpressionNode either;
  either.kind = Kind::any_of;
  either.left = shift - 1;
  left.nodes.push_back(std::move(either));
  return left;
}

} // namespace upstart::supervisor
