// One stanza while it is read: its arguments, taken one by one, and the class that it changes. The first error
// is kept as its fault, and every later call returns nothing, so that a stanza's parse function need not check each.
#pragma once

#include "daemons/job-supervisor/language/lexing/lexer.hpp"
#include "daemons/job-supervisor/language/model/dialect.hpp"
#include "daemons/job-supervisor/language/model/job-class.hpp"
#include "daemons/job-supervisor/language/parsing/expression-parser.hpp"
#include "daemons/job-supervisor/language/parsing/file-facts.hpp"

#include <concepts>
#include <limits>
#include <span>
#include <utility>

namespace upstart::supervisor {

// How a stanza is written, for messages.
struct Usage {
  std::string_view name, arguments;
};

class Statement {
public:
  Statement(Lexer& lexer, JobClass& into, FileFacts& about, Dialect in, std::size_t begin, Usage usage)
      : job(into), facts(about), dialect(in), lexer_(lexer), begin_(begin), usage_(usage) {}

  JobClass& job;
  FileFacts& facts;
  const Dialect dialect;

  // Is there another argument?
  bool more();
  // One argument; there must be one.
  std::string word();
  // Whether the next argument is this word, which is taken then.
  bool next_is(std::string_view expected);
  // All that are left, at least one.
  std::vector<std::string> words();
  // One of a few words; any other is an unknown stanza, as the original has it.
  template <class Value, std::size_t size>
  std::optional<Value> choice(const std::array<std::pair<std::string_view, Value>, size>& choices);
  // The last argument taken, as a number.
  template <std::integral Number>
  std::optional<Number> number(const std::string& word, Number least, Number most, std::string_view message,
                               int base = 10);
  template <std::integral Number>
  std::optional<Number> number(Number least, Number most, std::string_view message, int base = 10) {
    return number(word(), least, most, message, base);
  }

  Command command();
  Command script(ProcessKind kind);
  ParsedExpression expression();

  // The last argument taken is wrong.
  void fail(std::string_view message, std::string suggestion = {});
  [[nodiscard]] bool failed() const { return fault_.has_value(); }
  [[nodiscard]] const std::optional<Fault>& fault() const { return fault_; }
  // Nothing more may follow; passes the end of the line.
  void finish();

private:
  template <class Value> Value take(Read<Value> read) {
    if (read) return *std::move(read);
    fault_ = std::move(read).error();
    return {};
  }
  std::optional<long long> integer(const std::string& word, int base) const;
  void expected_token();
  void unknown_choice(std::string_view word, std::span<const std::string_view> choices);

  Lexer& lexer_;
  std::size_t begin_;
  Usage usage_;
  std::size_t last_argument_ = 0;
  std::optional<Fault> fault_;
  bool line_passed_ = false; // a block ends with its own line
};

template <class Value, std::size_t size>
std::optional<Value> Statement::choice(const std::array<std::pair<std::string_view, Value>, size>& choices) {
  const auto said = word();
  if (failed()) return std::nullopt;
  std::array<std::string_view, size> names;
  for (std::size_t i = 0; i < size; ++i) {
    if (choices[i].first == said) return choices[i].second;
    names[i] = choices[i].first;
  }
  unknown_choice(said, names);
  return std::nullopt;
}

template <std::integral Number>
std::optional<Number> Statement::number(const std::string& word, Number least, Number most, std::string_view message,
                                        int base) {
  if (failed()) return std::nullopt;
  const auto value = integer(word, base);
  if (value && std::cmp_greater_equal(*value, least) && std::cmp_less_equal(*value, most))
    return static_cast<Number>(*value);
  fail(message);
  return std::nullopt;
}

} // namespace upstart::supervisor
