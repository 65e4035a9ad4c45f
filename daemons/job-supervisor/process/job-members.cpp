#include "daemons/job-supervisor/process/job-members.hpp"

#include "daemons/job-supervisor/process/job-group.hpp"

#include <algorithm>
#include <unistd.h>

namespace upstart::supervisor {

bool belongs_to(const JobMembers& members, const ProcessFacts& orphan) {
  if (orphan.started < members.since) return false;
  if (std::ranges::contains(members.sessions, orphan.session)) return true;
  return !members.marks.empty() && environment_has(orphan.pid, members.marks);
}

std::vector<ProcessFacts> orphans_of(const JobMembers& members, const Children& children) {
  std::vector<ProcessFacts> orphans;
  bool grouped = !members.group.empty();
  for (pid_t pid : grouped ? members_of(members.group) : children_of(::getpid())) {
    if (children.is_watched(pid)) continue;
    auto facts = facts_of(pid);
    if (!facts || facts->parent != ::getpid()) continue;
    if (grouped ? facts->started >= members.since : belongs_to(members, *facts)) orphans.push_back(*facts);
  }
  return orphans;
}

} // namespace upstart::supervisor
