// The words of a job file written: values with the quotes that they need, expressions, and the lines of stanzas.
#pragma once

#include "daemons/job-supervisor/language/model/dialect.hpp"
#include "daemons/job-supervisor/language/model/event-expression.hpp"

#include <concepts>
#include <string>
#include <string_view>

namespace upstart::supervisor {

// A value as one word of a job file, with quotes where it needs them.
[[nodiscard]] std::string as_word(std::string_view value);
// An expression as `start on` takes it.
[[nodiscard]] std::string print(const EventExpression& expression);

// What the stanzas print themselves into, a line for each.
class Printer {
public:
  explicit Printer(Dialect of) : dialect(of) {}

  const Dialect dialect;

  // NAME ARGUMENT…; strings are quoted where needed.
  template <class... Arguments> void line(std::string_view name, const Arguments&... arguments) {
    text_ += name;
    (add(arguments), ...);
    text_ += '\n';
  }
  // NAME and text that stands as it is.
  void verbatim(std::string_view name, std::string_view rest) { text_.append(name).append(" ").append(rest) += '\n'; }
  void script(std::string_view name, std::string_view lines) {
    text_.append(name).append("\n").append(lines).append("end script\n");
  }

  [[nodiscard]] std::string text() && { return std::move(text_); }

private:
  void add(std::string_view argument) { text_.append(" ").append(as_word(argument)); }
  void add(std::integral auto number) { text_.append(" ").append(std::to_string(number)); }

  std::string text_;
};

} // namespace upstart::supervisor
