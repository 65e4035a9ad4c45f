// What became of a process that a supervisor was about to start when it died: it is there, it has ended, or it was
// never started. A supervisor leaves at most one such process, since each is written down right after its fork; and
// those that it still looked for itself. What looks like it may be another one's, so this is for where nothing better
// is known (StartedChildren).
#pragma once

#include "daemons/job-supervisor/process/children/children.hpp"
#include "daemons/job-supervisor/process/groups/job-members.hpp"

#include <optional>
#include <string>
#include <vector>

namespace upstart::supervisor {

// Whether this process is a child that was forked and has not executed yet: it still bears the supervisor's name.
[[nodiscard]] bool may_be_a_child_before_exec(pid_t pid);
// Whether it may be in the middle of its exec: it has a new name, and neither words nor an environment to be seen yet.
[[nodiscard]] bool may_be_in_exec(const ProcessFacts& process);

struct SpawnSearch {
  std::vector<std::string> marks; // UPSTART_JOB=…, UPSTART_INSTANCE=…
  std::uint64_t since = 0;        // ticks since boot: when it was written down that it was to be started
  std::uint64_t until = 0;        // the same clock: when its supervisor was known to be dead
};

struct SearchOutcome {
  enum class Kind { found, ended, never_started, before_exec, undecided } kind = Kind::undecided;
  ProcessId process{}; // of found and ended, and of before_exec where it is known
};

// One look. `before_exec`: some child has not executed yet, be it that the machine is busy or that its program opens
// slowly, and may be the one; look again. `undecided`: so may one that has just ended, or of which nothing can be read;
// look again in a moment.
[[nodiscard]] SearchOutcome look_for(const SpawnSearch& search, const Children& children);
// The same where it leaves its mark before it executes, and has not left it yet: `before_exec` or `never_started`.
[[nodiscard]] SearchOutcome look_for_before_exec(const SpawnSearch& search, const Children& children);

} // namespace upstart::supervisor
