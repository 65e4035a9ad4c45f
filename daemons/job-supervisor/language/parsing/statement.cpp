#include "daemons/job-supervisor/language/parsing/statement.hpp"

#include "daemons/base/values/suggestions.hpp"
#include "daemons/job-supervisor/language/lexing/script-block.hpp"

#include <charconv>
#include <format>

namespace upstart::supervisor {

bool Statement::more() {
  if (failed()) return false;
  lexer_.skip_space();
  return !lexer_.at_stanza_end();
}

std::string Statement::word() {
  if (failed()) return {};
  if (!more()) {
    expected_token();
    return {};
  }
  last_argument_ = lexer_.offset();
  return take(lexer_.token()).value;
}

bool Statement::next_is(std::string_view expected) {
  if (!more()) return false;
  const auto before = lexer_.offset();
  const auto token = lexer_.token();
  if (token && token->value == expected) return true;
  lexer_.move_to(before);
  return false;
}

std::vector<std::string> Statement::words() {
  std::vector<std::string> all{word()};
  while (more()) all.push_back(word());
  return all;
}

std::optional<long long> Statement::integer(const std::string& word, int base) const {
  std::string_view digits = word;
  if (digits.starts_with('+') && !digits.starts_with("+-")) digits.remove_prefix(1);
  long long value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

Command Statement::command() {
  if (!more()) {
    if (!failed()) expected_token();
    return {};
  }
  return {.text = take(lexer_.command()).value, .script = false};
}

Command Statement::script(ProcessKind kind) {
  finish();
  if (failed()) return {};
  line_passed_ = true;
  auto block = take(lexer_.block(begin_));
  facts.scripts[static_cast<std::size_t>(kind)] = ScriptPlace{block.begin, block.inner_block};
  if (auto word = open_here_document(block.text)) facts.cut_here_documents.push_back({block.end, std::string(*word)});
  return {.text = std::move(block.text), .script = true};
}

ParsedExpression Statement::expression() {
  if (failed()) return {};
  return take(parse_expression(lexer_));
}

void Statement::fail(std::string_view message, std::string suggestion) {
  if (failed()) return;
  if (suggestion.empty())
    suggestion = std::format("usage: {}{}{}", usage_.name, usage_.arguments.empty() ? "" : " ", usage_.arguments);
  fault_ = Fault{std::string(message), last_argument_, std::move(suggestion)};
}

void Statement::expected_token() {
  last_argument_ = lexer_.offset();
  fail("Expected token");
}

void Statement::unknown_choice(std::string_view word, std::span<const std::string_view> choices) {
  fail("Unknown stanza", base::near_miss_or_list(word, choices));
}

void Statement::finish() {
  if (failed() || line_passed_) return;
  if (more()) {
    last_argument_ = lexer_.offset();
    fail("Unexpected token");
    return;
  }
  if (lexer_.at_cut()) facts.cuts.push_back(lexer_.offset());
  lexer_.skip_line_rest();
}

} // namespace upstart::supervisor
