// What the tests of the language share.
#pragma once

#include "daemons/job-supervisor/language/parse-job.hpp"

#include <doctest/doctest.h>

namespace upstart::supervisor::test {

// The class of a text that must be right.
inline JobClass parsed(std::string_view text, Dialect dialect = Dialect::conf, const JobClass* base = nullptr) {
  const auto result = parse_job(text, {.name = "job", .path = "job.conf", .dialect = dialect, .base = base});
  INFO("text: ", text);
  INFO("first: ", result.diagnostics.empty() ? std::string{} : format(result.diagnostics.front(), "job.conf"));
  REQUIRE(result.job_class);
  return *result.job_class;
}

// Every diagnostic of a severity as "LINE:COLUMN MESSAGE".
inline std::vector<std::string> said(std::string_view text, Diagnostic::Severity severity = Diagnostic::Severity::error,
                                     Dialect dialect = Dialect::conf) {
  std::vector<std::string> all;
  for (const auto& one : parse_job(text, {.name = "job", .dialect = dialect}).diagnostics)
    if (one.severity == severity)
      all.push_back(std::to_string(one.line) + ":" + std::to_string(one.column) + " " + one.message);
  return all;
}

using Lines = std::vector<std::string>;

} // namespace upstart::supervisor::test
