// A job class as the text of a job file, which parses to the same class again: in the dialect that it came in.
#pragma once

#include "daemons/job-supervisor/language/parse-job.hpp"

#include <concepts>
#include <string>
#include <string_view>

namespace upstart::supervisor {

[[nodiscard]] std::string print(const JobClass& job);
// The dialect that `print` uses for it.
[[nodiscard]] Dialect dialect_of(const JobClass& job);

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
