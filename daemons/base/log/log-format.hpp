// How a line of a log looks, depending on where standard error leads:
//
// - a stream of the journal, or the kernel log: "<4>job-supervisor: text"; they know time and process, <4> is the
//   severity
// - a terminal or a file: "2026-01-31 12:00:00 job-supervisor[123]: warning: text"
// - anything else, such as a pipe: "job-supervisor: text"
//
// Without spdlog, so that init can use it too.
#pragma once

#include <ctime>
#include <string>
#include <string_view>

namespace upstart::base {

// With the numbers of syslog(3).
enum class Severity { critical = 2, error = 3, warning = 4, info = 6, debug = 7 };

inline constexpr const char* kernel_log_path = "/dev/kmsg";

// How much is said: -q, nothing, -v, --debug.
enum class Verbosity { quiet, normal, verbose, debug };

class LogFormat {
public:
  enum class Style { journal, dated, plain };

  LogFormat(std::string program, Style style) : program_{std::move(program)}, style_{style} {}
  // For what this descriptor leads to. `journal_stream` is the value of JOURNAL_STREAM ("DEVICE:INODE" of the stream
  // that a service manager has connected); empty: none.
  static LogFormat for_descriptor(std::string program, int fd, std::string_view journal_stream);
  // For standard error of this process.
  static LogFormat for_standard_error(std::string program);

  [[nodiscard]] Style style() const { return style_; }
  // With a line feed at its end. `time` in seconds since the epoch is told as local time.
  [[nodiscard]] std::string line(Severity severity, std::string_view message, std::time_t time) const;

private:
  std::string program_;
  Style style_;
};

} // namespace upstart::base
