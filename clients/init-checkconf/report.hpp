// How init-checkconf says what it found: in words, or as JSON.
//
// The JSON, on standard output, is one object:
//   {"files": [{"path", "job", "override": bool, "ok": bool,
//               "diagnostics": [{"severity": "error"|"warning"|"note", "line", "column", "message", "source",
//               "suggestion"}], "class": {"start_on", "stop_on", "emits", "source"}}],
//    "unreadable": [{"path", "reason"}],
//    "errors": N, "warnings": N}
// Lines and columns count from 1; a column of 0 is the line as a whole, a line of 0 the file. "class" is there when
// "ok" is true: expressions as D-Bus shows them, and the whole class written as a job file.
#pragma once

#include "clients/init-checkconf/job-sources.hpp"

#include <string>

namespace upstart::client {

// 0: all is well; 1: something is wrong; 2: something could not be read.
[[nodiscard]] int exit_status(const CheckedFiles& checked);

struct Report {
  std::string output; // for standard output
  std::string errors; // for standard error
};
[[nodiscard]] Report in_words(const CheckedFiles& checked);
[[nodiscard]] std::string as_json(const CheckedFiles& checked);

} // namespace upstart::client
