// What /proc/PID/stat says of a process; a zombie has it too, until it is reaped.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>

namespace upstart::init {

struct ProcessStat {
  pid_t parent = 0;
  pid_t session = 0;
  std::uint64_t start_ticks = 0; // since boot; with the pid it names a process for good
};

// Nothing where there is no such process, or no /proc.
[[nodiscard]] std::optional<ProcessStat> process_stat(pid_t pid);

} // namespace upstart::init
