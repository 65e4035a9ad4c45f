// Text to event expression. `and` and `or` have one precedence and group from the left; parentheses group, and inside
// them an expression may go over several lines. Works without recursion, however deep the parentheses.
#pragma once

#include "daemons/job-supervisor/language/event-expression.hpp"
#include "daemons/job-supervisor/language/lexer.hpp"

namespace upstart::supervisor {

struct ParsedExpression {
  EventExpression expression;
  // Where things stand in the text, in the order of the nodes; an operator's is its word's.
  std::vector<std::size_t> node_offsets;
  std::vector<std::size_t> argument_offsets; // of all arguments of all matches, one after the other
};

// Reads up to the end of the stanza.
[[nodiscard]] Read<ParsedExpression> parse_expression(Lexer& lexer);

} // namespace upstart::supervisor
