#include "daemons/job-supervisor/process/groups/job-members.hpp"

#include "daemons/job-supervisor/process/groups/job-group.hpp"

#include <algorithm>
#include <unistd.h>

namespace upstart::supervisor {

bool belongs_to(const JobMembers& members, const ProcessFacts& orphan) {
  if (orphan.started < members.since) return false;
  if (std::ranges::contains(members.sessions, orphan.session)) return true;
  return !members.marks.empty() && environment_has(orphan.pid, members.marks);
}

namespace {

constexpr int most_looks = 100;

std::vector<pid_t> candidates(const JobMembers& members, const Children& children) {
  auto pids = members.group.empty() ? children_of(::getpid()) : members_of(members.group);
  std::erase_if(pids, [&](pid_t pid) { return children.is_watched(pid); });
  return pids;
}

std::vector<ProcessFacts> orphans_among(const std::vector<pid_t>& pids, const JobMembers& members) {
  std::vector<ProcessFacts> orphans;
  for (pid_t pid : pids) {
    auto facts = facts_of(pid);
    if (!facts || facts->parent != ::getpid()) continue;
    bool belongs = members.group.empty() ? belongs_to(members, *facts) : facts->started >= members.since;
    if (belongs) orphans.push_back(*facts);
  }
  return orphans;
}

} // namespace

// One may fork and end between the look at the list and the look at it: what was seen is believed only when two lists
// agree.
std::vector<ProcessFacts> orphans_of(const JobMembers& members, const Children& children) {
  auto pids = candidates(members, children);
  for (int look = 0;; ++look) {
    auto orphans = orphans_among(pids, members);
    auto again = candidates(members, children);
    if (again == pids || look == most_looks) return orphans;
    pids = std::move(again);
  }
}

std::vector<ProcessFacts> orphans_that_may_come_from(pid_t process, const JobMembers& members,
                                                     const Children& children) {
  auto orphans = orphans_of(members, children);
  std::erase_if(orphans, [&](const ProcessFacts& orphan) {
    return orphan.session != process && std::ranges::contains(members.sessions, orphan.session);
  });
  return orphans;
}

} // namespace upstart::supervisor
