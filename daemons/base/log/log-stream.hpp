// Where the lines of a log go: a descriptor that others share, standard error as a rule. Writing never waits: when it
// leads to a pipe, a terminal or a socket whose reader does not keep up, lines are dropped, and the next one that can
// be written is preceded by one that says how many. The flags of the shared open file are left as they are.
//
// Where it leads to the kernel log, lines go to syslog as soon as there is one.
#pragma once

#include "daemons/base/file-descriptor.hpp"
#include "daemons/base/log/syslog-socket.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace upstart::base {

class LogStream {
public:
  // The descriptor stays its owner's. Whether it is open is not asked: what cannot be written is dropped.
  explicit LogStream(int fd);

  // One line, with its line feed. `dropped_line` makes, of the number of lines dropped since the last that was
  // written, the line to write first.
  template <typename DroppedLine> void write(std::string_view line, const DroppedLine& dropped_line) {
    if (dropped_ > 0) {
      if (!write_line(dropped_line(dropped_))) {
        ++dropped_;
        return;
      }
      dropped_ = 0;
    }
    if (!write_line(line)) ++dropped_;
  }

  // For a caller that keeps what there is no room for, and counts nothing here: false if the line was not written.
  [[nodiscard]] bool try_write(std::string_view line) { return write_line(line); }

  [[nodiscard]] std::uint64_t dropped() const { return dropped_; }

private:
  enum class Kind { file, socket, kernel_log, other };

  bool write_line(std::string_view line);
  [[nodiscard]] bool write_to_kernel_log(std::string_view line) const;
  [[nodiscard]] ssize_t write_now(std::string_view text) const;
  [[nodiscard]] ssize_t write_without_waiting(std::string_view text) const;

  int fd_;
  Kind kind_;
  SyslogSocket syslog_; // for the kernel log
  bool torn_ = false;   // the last line was written in part
  std::uint64_t dropped_ = 0;
};

// "17 lines of the log were dropped, since nobody read them".
[[nodiscard]] std::string dropped_message(std::uint64_t lines);

} // namespace upstart::base
