// What /proc/PID/stat says of a process; a zombie has it too, until it is reaped.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace upstart::base {

struct ProcessStat {
  pid_t pid = 0, parent = 0, session = 0;
  std::string_view name{};           // of its program; in the text that was read
  std::uint64_t processor_ticks = 0; // that it has used
  std::uint64_t threads = 0;
  std::uint64_t start_ticks = 0;    // since boot; with the pid it names a process for good
  std::uint64_t resident_pages = 0; // in memory
};

// Of the text of that file; a name may hold anything. Nothing where it is no such text.
[[nodiscard]] std::optional<ProcessStat> parse_process_stat(std::string_view text);
// Without its name. Nothing where there is no such process, or no /proc.
[[nodiscard]] std::optional<ProcessStat> process_stat(pid_t pid);

} // namespace upstart::base
