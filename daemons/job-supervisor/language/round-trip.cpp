#include "daemons/job-supervisor/language/round-trip.hpp"

#include "daemons/job-supervisor/language/parse-job.hpp"
#include "daemons/job-supervisor/language/print-job.hpp"
#include "daemons/job-supervisor/language/printing/printer.hpp"

#include <format>

namespace upstart::supervisor {

namespace {

constexpr std::string_view base_text =
    "start on a or b\nexec base\nenv A=1\nkill timeout 7\nnormal exit 1\npre-start script\n  x\nend script\n";

std::optional<std::string> wrong_diagnostics(const ParseResult& result) {
  bool any_error = false;
  for (const auto& said : result.diagnostics) {
    any_error |= said.severity == Diagnostic::Severity::error;
    if (said.message.empty()) return "a diagnostic says nothing";
    if (said.line == 0 && said.severity != Diagnostic::Severity::note)
      return "a diagnostic has no line: " + said.message;
    if (format(said, "path").empty()) return "a diagnostic cannot be shown";
  }
  if (any_error == (result.job_class != nullptr)) return "errors and a class, or neither";
  return std::nullopt;
}

std::optional<std::string> wrong_expression(const EventExpression& expression) {
  if (expression_of_postfix(postfix(expression)) == expression) return std::nullopt;
  return "postfix is not the expression: " + print(expression);
}

std::optional<std::string> wrong_print(const JobClass& job) {
  const auto text = print(job);
  const auto again = parse_job(text, {.name = job.name, .path = job.path, .dialect = dialect_of(job)});
  if (!again.job_class)
    return std::format("what is printed does not parse: {}\n{}", format(again.diagnostics.front(), "printed"), text);
  if (*again.job_class != job)
    return std::format("what is printed says something else:\n{}\nprinted again:\n{}", text, print(*again.job_class));
  return std::nullopt;
}

std::optional<std::string> broken(std::string_view text, const ParseOptions& options) {
  const auto result = parse_job(text, options);
  if (auto wrong = wrong_diagnostics(result)) return wrong;
  if (!result.job_class) return std::nullopt;
  if (auto wrong = wrong_print(*result.job_class)) return wrong;
  // An event named like an operator looks like one in postfix form.
  if (text.contains("/AND") || text.contains("/OR")) return std::nullopt;
  if (auto wrong = wrong_expression(result.job_class->start_on)) return wrong;
  return wrong_expression(result.job_class->stop_on);
}

} // namespace

std::optional<std::string> violated_property(std::string_view text) {
  static const auto base = parse_job(base_text, {.name = "job", .path = "job.conf"}).job_class;
  if (auto wrong = broken(text, {.name = "job", .path = "job.conf"})) return "as a .conf file: " + *wrong;
  if (auto wrong = broken(text, {.name = "job", .path = "job", .dialect = Dialect::event_d}))
    return "in event.d: " + *wrong;
  if (auto wrong = broken(text, {.name = "job", .path = "job.conf", .base = base.get()}))
    return "as an override: " + *wrong;
  return std::nullopt;
}

} // namespace upstart::supervisor
