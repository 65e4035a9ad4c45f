// What /proc tells of processes: who is whose child, in which session, since when.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace upstart::supervisor {

struct ProcessFacts {
  pid_t pid = 0, parent = 0, group = 0, session = 0;
  char state = '?';
  int terminal = 0;                 // number of the controlling terminal's device; 0: none
  bool ending = false;              // about to end: its descriptors may be closed already
  std::uint64_t processor_time = 0; // clock ticks
  std::uint64_t started = 0;        // clock ticks since boot
  [[nodiscard]] bool ended() const { return state == 'Z' || state == 'X'; }
  friend bool operator==(const ProcessFacts&, const ProcessFacts&) = default;
};

// Names a process for good, since pids come again: its pid, and the clock ticks since boot between which it was started
// (a fork costs less when its exact time is not read).
struct ProcessId {
  pid_t pid = 0;
  std::uint64_t earliest = 0, latest = 0; // both 0: not known, any process of that pid
  [[nodiscard]] bool is(pid_t other, std::uint64_t started) const {
    return other == pid && (latest == 0 || (earliest <= started && started <= latest));
  }
  friend bool operator==(const ProcessId&, const ProcessId&) = default;
};

// Nothing when there is no such process.
[[nodiscard]] std::optional<ProcessFacts> facts_of(pid_t pid);
// The text of /proc/PID/stat; a program's name may hold anything.
[[nodiscard]] std::optional<ProcessFacts> parse_stat(std::string_view text);
[[nodiscard]] std::vector<pid_t> children_of(pid_t pid);
// Those that a file of the kernel lists, such as cgroup.procs; none where it cannot be read.
[[nodiscard]] std::vector<pid_t> pids_listed_in(const std::string& path);
// The process and all its descendants.
[[nodiscard]] std::vector<pid_t> tree_of(pid_t pid);
// Whether each of these KEY=VALUE strings is in the environment that the process was executed with. `unknown`: it has
// none to be seen, as in the middle of an exec, and from the beginning of its exit on.
enum class HasEnvironment { no, yes, unknown };
[[nodiscard]] HasEnvironment environment_has(pid_t pid, const std::vector<std::string>& strings);
// The value of a variable of the environment that the process was executed with.
[[nodiscard]] std::optional<std::string> environment_value(pid_t pid, std::string_view name);
// What the link /proc/PID/NAME says; empty where it cannot be read.
[[nodiscard]] std::string link_of(pid_t pid, const std::string& name);
// The text of /proc/PID/NAME; empty where it cannot be read.
[[nodiscard]] std::string process_file(pid_t pid, const std::string& name);
// Now, as `started` counts.
[[nodiscard]] std::uint64_t ticks_since_boot();

} // namespace upstart::supervisor
