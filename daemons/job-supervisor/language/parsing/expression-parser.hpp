// Text to event expression. `and` and `or` have one precedence and group from the left; parentheses group, and inside
// them an expression may go over several lines. Works without recursion, however deep the parentheses.
#pragma once

#include "daemons/job-supervisor/language/lexing/lexer.hpp"
#include "daemons/job-supervisor/language/model/event-expression.hpp"

namespace upstart::supervisor {

// Where the parts of an expression stand in the text.
struct ExpressionPlaces {
  std::vector<std::size_t> nodes;     // in their order; an operator's is its word's
  std::vector<std::size_t> arguments; // of all matches, one after the other
};

struct ParsedExpression {
  EventExpression expression;
  ExpressionPlaces places;
};

// Reads up to the end of the stanza.
[[nodiscard]] Read<ParsedExpression> parse_expression(Lexer& lexer);

} // namespace upstart::supervisor
