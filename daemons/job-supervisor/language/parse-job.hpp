// Text of a job file in, class or diagnostics out. Pure: no files, no globals, no environment.
#pragma once

#include "daemons/job-supervisor/language/model/job-class.hpp"

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace upstart::supervisor {

// The dialect of *.conf files (0.5 to 1.13 and ChromeOS), or that of event.d directories (0.3).
enum class Dialect : std::uint8_t { conf, event_d };

struct Diagnostic {
  enum class Severity : std::uint8_t { error, warning, note };
  Severity severity = Severity::error;
  std::size_t line = 0;        // counts from 1; as the original counts for the first error of a file
  std::size_t column = 0;      // counts from 1; 0: the line as a whole
  std::string message;         // the original's text for what the original reports
  std::string source = {};     // the offending line, or of a very long one the part around the place
  std::size_t caret = 0;       // where the place is in `source`, from 1; 0: nowhere
  std::string suggestion = {}; // "did you mean `respawn`?"; may be empty
};

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

// "PATH:LINE:COLUMN: MESSAGE" (for a warning "PATH:LINE:COLUMN: warning: MESSAGE"), then the line and a caret, then the
// suggestion; for a note "  note: line LINE: MESSAGE". Ends with a newline.
[[nodiscard]] std::string format(const Diagnostic& diagnostic, std::string_view path);
// The same as a daemon's log has it, where what begins with PATH:LINE: is an error, as in the original: a warning is
// "PATH: warning: line LINE: MESSAGE".
[[nodiscard]] std::string format_for_log(const Diagnostic& diagnostic, std::string_view path);

} // namespace upstart::supervisor
