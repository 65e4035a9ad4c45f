#include "clients/init-checkconf/report.hpp"

#include "daemons/job-supervisor/language/print-job.hpp"

#include <algorithm>
#include <format>
#include <nlohmann/json.hpp>

namespace upstart::client {

namespace {

using nlohmann::ordered_json;
using supervisor::Diagnostic;
using Severity = Diagnostic::Severity;

std::size_t count(const CheckedFiles& checked, Severity severity) {
  std::size_t total = 0;
  for (const auto& file : checked.files)
    total += static_cast<std::size_t>(std::ranges::count(file.result.diagnostics, severity, &Diagnostic::severity));
  return total;
}

std::string_view name_of(Severity severity) {
  switch (severity) {
  case Severity::error: return "error";
  case Severity::warning: return "warning";
  case Severity::note: break;
  }
  return "note";
}

ordered_json json_of(const Diagnostic& said) {
  return {{"severity", name_of(said.severity)},
          {"line", said.line},
          {"column", said.column},
          {"message", said.message},
          {"lint", said.lint},
          {"source", said.source},
          {"suggestion", said.suggestion}};
}

ordered_json json_of(const CheckedFile& file) {
  auto diagnostics = ordered_json::array();
  for (const auto& said : file.result.diagnostics) diagnostics.push_back(json_of(said));
  ordered_json object{{"path", file.path},
                      {"job", file.name},
                      {"override", file.override},
                      {"ok", file.ok()},
                      {"diagnostics", diagnostics}};
  if (const auto& job = file.result.job_class)
    object["class"] = {{"start_on", postfix(job->start_on)},
                       {"stop_on", postfix(job->stop_on)},
                       {"emits", job->emits},
                       {"source", print(*job)}};
  return object;
}

} // namespace

int exit_status(const CheckedFiles& checked) {
  if (!checked.unreadable.empty()) return 2;
  return std::ranges::all_of(checked.files, &CheckedFile::ok) ? 0 : 1;
}

Report in_words(const CheckedFiles& checked) {
  Report report;
  for (const auto& [path, reason] : checked.unreadable) report.errors += std::format("ERROR: {}: {}\n", path, reason);
  for (const auto& file : checked.files) {
    if (file.ok()) report.output += std::format("File {}: syntax ok\n", file.path);
    else report.errors += std::format("ERROR: File {}: syntax invalid:\n", file.path);
    for (const auto& said : file.result.diagnostics) report.errors += format(said, file.path);
  }
  return report;
}

std::string as_json(const CheckedFiles& checked) {
  ordered_json all{{"files", ordered_json::array()}, {"unreadable", ordered_json::array()}};
  for (const auto& file : checked.files) all["files"].push_back(json_of(file));
  for (const auto& [path, reason] : checked.unreadable)
    all["unreadable"].push_back({{"path", path}, {"reason", reason}});
  all["errors"] = count(checked, Severity::error);
  all["warnings"] = count(checked, Severity::warning);
  return all.dump(2, ' ', false, ordered_json::error_handler_t::replace) + '\n';
}

} // namespace upstart::client
