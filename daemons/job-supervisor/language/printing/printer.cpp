#include "daemons/job-supervisor/language/printing/printer.hpp"

#include <algorithm>
#include <variant>

namespace upstart::supervisor {

namespace {

using Kind = ExpressionNode::Kind;

std::string in_quotes(std::string_view value) {
  std::string result;
  char open = 0;
  for (const char c : value) {
    const char quote = c == '"' ? '\'' : '"';
    if (open != quote) {
      if (open != 0) result += open;
      result += open = quote;
    }
    if (c == '\\') result += '\\';
    result += c;
  }
  return result.empty() ? "\"\"" : result + open;
}

bool needs_quotes(std::string_view value) {
  return value.empty() || value.find_first_of(" \t\r#\"'\\()") != std::string_view::npos || value == "and" ||
         value == "or";
}

std::string print_match(const ExpressionNode& match) {
  auto text = as_word(match.event);
  for (const auto& argument : match.arguments) text.append(" ").append(as_word(to_string(argument)));
  return text;
}

} // namespace

std::string as_word(std::string_view value) { return needs_quotes(value) ? in_quotes(value) : std::string(value); }

std::string print(const EventExpression& expression) {
  if (expression.empty()) return {};
  const auto& nodes = expression.nodes;
  std::string text;
  // What is still to be written, the last first: a node, or words between nodes.
  std::vector<std::variant<std::size_t, std::string_view>> rest{nodes.size() - 1};
  while (!rest.empty()) {
    const auto next = rest.back();
    rest.pop_back();
    if (const auto* words = std::get_if<std::string_view>(&next)) {
      text += *words;
      continue;
    }
    const auto index = std::get<std::size_t>(next);
    const auto& node = nodes[index];
    if (node.kind == Kind::match) {
      text += print_match(node);
      continue;
    }
    const bool group = nodes[index - 1].kind != Kind::match; // an operator on the right needs parentheses
    if (group) rest.emplace_back(")");
    rest.emplace_back(index - 1);
    if (group) rest.emplace_back("(");
    rest.emplace_back(node.kind == Kind::all_of ? " and " : " or ");
    rest.emplace_back(std::size_t{node.left});
  }
  return text;
}

} // namespace upstart::supervisor
