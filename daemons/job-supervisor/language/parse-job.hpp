// Text of a job file in, class or diagnostics out. Pure: no files, no globals, no environment.
#pragma once

#include "daemons/job-supervisor/language/diagnostics/diagnostic.hpp"
#include "daemons/job-supervisor/language/model/dialect.hpp"
#include "daemons/job-supervisor/language/model/job-class.hpp"

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace upstart::supervisor {

struct ParseResult {
  std::shared_ptr<const JobClass> job_class; // empty if there is any error
  std::vector<Diagnostic> diagnostics;       // in the order of the text; a note belongs to what stands before it
  std::array<std::size_t, process_kinds>
      script_lines{}; // by ProcessKind: where its script begins in this text; 0: none does
};

struct ParseOptions {
  std::string name = {}; // of the job
  std::string path = {}; // for the class; diagnostics do not repeat it
  Dialect dialect = Dialect::conf;
  const JobClass* base = nullptr; // the class that this text overrides: it is parsed on top of it
};

[[nodiscard]] ParseResult parse_job(std::string_view text, const ParseOptions& options);

// The lines on which the nodes of a class's expressions stand, in their order; none where an expression is not of this
// text, but of the one that it overrides.
struct ConditionLines {
  std::vector<std::size_t> start_on, stop_on;
};

struct ParsedWithLines {
  ParseResult result;
  ConditionLines lines;
};

// The same, for whoever wants to say where a condition stands.
[[nodiscard]] ParsedWithLines parse_job_with_lines(std::string_view text, const ParseOptions& options);

} // namespace upstart::supervisor
