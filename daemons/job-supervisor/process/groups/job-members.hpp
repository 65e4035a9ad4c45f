// Who belongs to an instance beyond the processes that were spawned for it: orphans, which come to the supervisor (of
// adopted processes to init) when their parent has gone. Its control group knows; without one the session tells, and
// where a process has begun a session of its own, the environment it was executed with.
#pragma once

#include "daemons/base/bytes.hpp"
#include "daemons/job-supervisor/process/children/children.hpp"
#include "daemons/job-supervisor/process/children/process-tree.hpp"

#include <string>
#include <vector>

namespace upstart::supervisor {

struct JobMembers {
  std::string group;                // directory of the control group; empty: there is none
  std::vector<std::string> marks{}; // of the environment: UPSTART_JOB=…, UPSTART_INSTANCE=…
  std::vector<pid_t> sessions{};    // begun by the processes that were spawned
  std::uint64_t since = 0;          // ticks since boot: what is older is none of it

  // For notes.
  void write(base::ByteWriter& out) const;
  [[nodiscard]] static JobMembers read(base::ByteReader& in);
};

// Whether an unwatched child of the supervisor belongs to the instance. `unknown`: it is in the middle of an exec or of
// its exit; a little later it can be told, or its children, which come to the supervisor then.
enum class Membership { stranger, member, unknown };
[[nodiscard]] Membership membership_of(const ProcessFacts& orphan, const JobMembers& members);

// The supervisor's children that belong to the instance without being watched. Those that have ended but were not
// reaped yet are among them where the session tells.
struct Orphans {
  std::vector<ProcessFacts> found;
  bool complete = true; // false: there may be others, since the membership of some process was unknown
};
[[nodiscard]] Orphans orphans_of(const JobMembers& members, const Children& children);
// Those of them that may come from this process: what the instance's others (pre-start, post-start) have left is in
// their sessions.
[[nodiscard]] Orphans orphans_that_may_come_from(pid_t process, const JobMembers& members, const Children& children);

} // namespace upstart::supervisor
