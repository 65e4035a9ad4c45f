#include "clients/init-checkconf/job-events.hpp"

#include "clients/init-checkconf/stanza-line.hpp"
#include "daemons/base/values/suggestions.hpp"
#include "daemons/job-supervisor/language/words/lints.hpp"

#include <algorithm>
#include <array>
#include <format>
#include <map>
#include <set>
#include <span>

namespace upstart::client {

namespace {

using supervisor::Diagnostic;
using supervisor::EventArgument;
using supervisor::EventExpression;
using supervisor::ExpressionNode;

constexpr std::string_view lint = "never-matches";

constexpr std::array<std::string_view, 6> end_variables{"JOB",     "INSTANCE",    "RESULT",
                                                        "PROCESS", "EXIT_STATUS", "EXIT_SIGNAL"};

// The variables that init gives to an event of a job's life; empty: it is none.
std::span<const std::string_view> variables_of(std::string_view event) {
  constexpr std::size_t at_begin = 2;
  if (event == "starting" || event == "started") return std::span{end_variables}.first(at_begin);
  if (event == "stopping" || event == "stopped") return end_variables;
  return {};
}

using Exports = std::map<std::string, std::set<std::string>, std::less<>>;

Exports exports_in(const CheckedFiles& checked) {
  Exports exports;
  for (const auto& file : checked.files)
    if (file.ok()) {
      const auto& names = file.result.job_class->exports;
      exports[file.name].insert(names.begin(), names.end());
    }
  return exports;
}

const EventArgument* job_argument(const ExpressionNode& match) {
  for (std::size_t i = 0; i < match.arguments.size(); ++i)
    if (match.arguments[i].key ? *match.arguments[i].key == "JOB" : i == 0) return &match.arguments[i];
  return nullptr;
}

std::string joined(std::span<const std::string_view> words, const std::set<std::string>& more) {
  std::string text;
  for (auto word : words) text += (text.empty() ? "" : ", ") + std::string{word};
  for (const auto& word : more) text += ", " + word;
  return text;
}

// An argument on a variable that the event of this job does not have.
std::string unknown_variable(const ExpressionNode& match, const std::string& job,
                             const std::set<std::string>& exports) {
  auto known = variables_of(match.event);
  for (const auto& argument : match.arguments)
    if (argument.key && !argument.negated && !std::ranges::contains(known, *argument.key) &&
        !exports.contains(*argument.key))
      return std::format("`{}` of {} has the variables {} only: `{}` can never match", match.event, job,
                         joined(known, exports), to_string(argument));
  return {};
}

// JOB, misspelt, with the name of a job; and no job exports such a variable.
std::string misspelt_job(const ExpressionNode& match, const Exports& exports) {
  for (const auto& argument : match.arguments) {
    if (!argument.key || argument.negated || *argument.key == "JOB" || base::edit_distance(*argument.key, "JOB") > 1)
      continue;
    bool is_exported =
        std::ranges::any_of(exports, [&](const auto& job) { return job.second.contains(*argument.key); });
    if (exports.contains(argument.pattern) && !is_exported)
      return std::format("no job here exports `{}`: `{}` can never match; did you mean `JOB={}`?", *argument.key,
                         to_string(argument), argument.pattern);
  }
  return {};
}

std::string fault_of(const ExpressionNode& match, const Exports& exports) {
  if (match.kind != ExpressionNode::Kind::match || variables_of(match.event).empty()) return {};
  const auto* job = job_argument(match);
  if (job == nullptr) return misspelt_job(match, exports);
  auto known = job->negated ? exports.end() : exports.find(job->pattern);
  return known == exports.end() ? std::string{} : unknown_variable(match, known->first, known->second);
}

void check(CheckedFile& file, const EventExpression& expression, std::string_view which, const Exports& exports) {
  const auto [line, source] = last_line_of(file.text, which, "on");
  if (line == 0 || supervisor::is_ignored(file.text, lint)) return;
  for (const auto& node : expression.nodes)
    if (auto fault = fault_of(node, exports); !fault.empty())
      file.result.diagnostics.push_back({.severity = Diagnostic::Severity::warning,
                                         .line = line,
                                         .message = std::move(fault),
                                         .source = source,
                                         .lint = std::string{lint}});
}

} // namespace

void check_job_events(CheckedFiles& checked) {
  const auto exports = exports_in(checked);
  for (auto& file : checked.files) {
    if (!file.ok()) continue;
    check(file, file.result.job_class->start_on, "start", exports);
    check(file, file.result.job_class->stop_on, "stop", exports);
  }
}

} // namespace upstart::client
