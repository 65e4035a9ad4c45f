// An error or a warning about a job file, or a note to the one before it; and its two written forms.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace upstart::supervisor {

struct Diagnostic {
  enum class Severity : std::uint8_t { error, warning, note };
  Severity severity = Severity::error;
  std::size_t line = 0;        // counts from 1; as the original counts for the first error of a file
  std::size_t column = 0;      // counts from 1; 0: the line as a whole
  std::string message;         // the original's text for what the original reports
  std::string source = {};     // the offending line, or of a very long one the part around the place
  std::size_t caret = 0;       // where the place is in `source`, from 1; 0: nowhere
  std::string lint = {};       // of a warning: its name, by which it is switched off
  std::string suggestion = {}; // "did you mean `respawn`?"; may be empty
};

// "PATH:LINE:COLUMN: MESSAGE" (for a warning "PATH:LINE:COLUMN: warning: MESSAGE [LINT]"), then the line and a caret,
// then the suggestion; for a note "  note: line LINE: MESSAGE". Ends with a newline.
[[nodiscard]] std::string format(const Diagnostic& diagnostic, std::string_view path);
// The same as a daemon's log has it, whose lines end by themselves and may say how grave they are. What begins with
// PATH:LINE: is an error, as in the original: else it is "PATH: line LINE: MESSAGE".
[[nodiscard]] std::string format_for_log(const Diagnostic& diagnostic, std::string_view path);

} // namespace upstart::supervisor
