#include "clients/init-checkconf/socket-conditions.hpp"

#include "daemons/job-supervisor/language/words/lints.hpp"
#include "daemons/socket-bridge/conditions/socket-condition.hpp"

#include <algorithm>
#include <format>
#include <sstream>

namespace upstart::client {

namespace {

using supervisor::Diagnostic;
using supervisor::EventExpression;

constexpr std::string_view lint = "socket-condition";

// Where the last stanza of this name stands in the text, from 1; 0: nowhere.
std::pair<std::size_t, std::string> last_line_of(const std::string& text, std::string_view first,
                                                 std::string_view second) {
  std::pair<std::size_t, std::string> found;
  std::istringstream lines(text);
  std::string line;
  for (std::size_t number = 1; std::getline(lines, line); ++number) {
    std::istringstream words(line);
    std::string a, b;
    if (words >> a >> b && a == first && b == second) found = {number, line};
  }
  return found;
}

void check(CheckedFile& file, const EventExpression& expression, std::string_view which) {
  const auto [line, source] = last_line_of(file.text, which, "on");
  if (line == 0) return; // of the file that this one overrides
  for (const auto& words : postfix(expression)) {
    const auto refers = [](const std::string& word) { return word.contains('$'); };
    if (words.front() != socket_bridge::event_name || std::ranges::any_of(words, refers)) continue;
    const auto condition = socket_bridge::parse_condition(std::span{words}.subspan(1));
    if (condition) continue;
    const auto& [variable, message] = condition.error();
    file.result.diagnostics.push_back(
        {.severity = Diagnostic::Severity::warning,
         .line = line,
         .message = std::format("upstart-socket-bridge does not serve this socket: {}{}{}", variable,
                                variable.empty() ? "" : ": ", message),
         .source = source,
         .lint = std::string{lint}});
  }
}

} // namespace

void check_socket_conditions(CheckedFile& file) {
  if (!file.ok() || supervisor::is_ignored(file.text, lint)) return;
  check(file, file.result.job_class->start_on, "start");
  check(file, file.result.job_class->stop_on, "stop");
}

} // namespace upstart::client
