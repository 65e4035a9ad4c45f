// What jobs print, on a descriptor that others share, standard output as a rule: whole lines, each with its job in
// front. Writing never waits: what its reader does not take is kept, up to a bound, and tried again every 20 ms; what
// is beyond that is dropped and counted, and the count is written as soon as there is room. What is kept, and a line
// that is begun, is lost if the supervisor dies; log files lose nothing. Owned by ConsoleLogs.
#pragma once

#include "daemons/base/event-loop.hpp"
#include "daemons/base/log/log-stream.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

namespace upstart::supervisor {

class LabelledOutput {
public:
  static constexpr std::size_t most_kept = 256 * 1024; // bytes
  static constexpr std::size_t longest_line = 4000;    // bytes with the label; a longer one becomes several

  // The descriptor stays its owner's.
  LabelledOutput(base::EventLoop& loop, int fd);
  // Gives what is kept a moment to be taken.
  ~LabelledOutput();
  LabelledOutput(const LabelledOutput&) = delete;
  LabelledOutput& operator=(const LabelledOutput&) = delete;

  // Writes the lines that are complete with this text, as "LABEL: LINE", and keeps the rest of it in `begun`, which the
  // caller has for each of its jobs.
  void write(const std::string& label, std::string& begun, std::string_view text);
  // No more comes: what has been begun is a line.
  void end_line(const std::string& label, std::string& begun);

private:
  void write_line(std::string line);
  bool write_kept();
  void try_again();

  base::LogStream stream_;
  std::deque<std::string> kept_;
  std::size_t kept_size_ = 0;
  std::uint64_t dropped_ = 0;
  base::Timer retry_;
};

} // namespace upstart::supervisor
