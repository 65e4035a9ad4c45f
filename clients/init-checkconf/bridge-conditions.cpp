#include "clients/init-checkconf/bridge-conditions.hpp"

#include "clients/base/bridges/condition-check.hpp"
#include "clients/init-checkconf/stanza-line.hpp"
#include "daemons/job-supervisor/expression/expand.hpp"
#include "daemons/job-supervisor/language/words/lints.hpp"

#include <algorithm>

namespace upstart::client {

namespace {

using supervisor::Diagnostic;
using supervisor::EventExpression;

// What `env NAME=VALUE` gives; a name without a value is taken from init's own environment, which is not known here.
protocol::Environment own_variables(const supervisor::JobClass& job_class) {
  protocol::Environment variables;
  for (const auto& entry : job_class.env)
    if (entry.contains('=')) variables.set(protocol::key_of(entry), protocol::value_of(entry));
  return variables;
}

// References to the job's own variables replaced, as the supervisor does it before bridges see a condition. Nothing
// where a reference is left that may have a value: of an `env` without one, or, in `stop on`, of the instance that
// runs.
std::optional<std::vector<std::string>> expanded(const std::vector<std::string>& words,
                                                 const supervisor::JobClass& job_class, std::string_view which) {
  const auto variables = own_variables(job_class);
  bool has_more =
      which == "stop" || std::ranges::any_of(job_class.env, [](const auto& entry) { return !entry.contains('='); });
  std::vector<std::string> result;
  for (const auto& word : words) {
    auto value = word.contains('$') ? supervisor::expand(word, variables) : word;
    if (!value && has_more) return std::nullopt;
    result.push_back(value.value_or(word));
  }
  return result;
}

void check(CheckedFile& file, const EventExpression& expression, std::string_view which) {
  const auto [line, source] = last_line_of(file.text, which, "on");
  if (line == 0) return; // of the file that this one overrides
  for (const auto& as_written : postfix(expression)) {
    const auto words = expanded(as_written, *file.result.job_class, which);
    if (!words) continue;
    const auto unserved = check_condition({words->front(), std::span{*words}.subspan(1)});
    if (!unserved || supervisor::is_ignored(file.text, unserved->lint)) continue;
    file.result.diagnostics.push_back({.severity = Diagnostic::Severity::warning,
                                       .line = line,
                                       .message = unserved->text(),
                                       .source = source,
                                       .lint = unserved->lint});
  }
}

} // namespace

void check_bridge_conditions(CheckedFile& file) {
  if (!file.ok()) return;
  check(file, file.result.job_class->start_on, "start");
  check(file, file.result.job_class->stop_on, "stop");
}

} // namespace upstart::client
