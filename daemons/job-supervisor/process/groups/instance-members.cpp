#include "daemons/job-supervisor/process/groups/instance-members.hpp"

#include <algorithm>
#include <fcntl.h>

namespace upstart::supervisor {

InstanceMembers::~InstanceMembers() {
  leave_group();
  for (const std::string& directory : stanza_directories_) groups_.remove(directory);
}

// The sessions of earlier processes are forgotten but for the last few: their orphans are known by other marks, too.
void InstanceMembers::begin(const SpawnRequest& request) {
  constexpr std::size_t most_sessions = 16;
  if (members_.since == 0) members_.since = ticks_since_boot();
  if (members_.sessions.size() >= most_sessions) members_.sessions.erase(members_.sessions.begin());
  members_.marks.clear();
  for (const std::string& entry : request.environment)
    if (entry.starts_with("UPSTART_JOB=") || entry.starts_with("UPSTART_INSTANCE=")) members_.marks.push_back(entry);
}

base::FileDescriptor InstanceMembers::enter(const StanzaGroups& stanza, const JobClass& job_class,
                                            const std::string& instance) {
  if (!stanza.directories.empty()) stanza_directories_ = stanza.directories;
  if (!stanza.unified.empty()) members_.group = stanza.unified;
  else if (members_.group.empty()) members_.group = groups_.create(job_class.name, instance);
  if (members_.group.empty()) return {};
  return base::FileDescriptor{::open(members_.group.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
}

void InstanceMembers::leave_group() {
  if (!members_.group.empty()) groups_.remove(members_.group);
  members_.group.clear();
}

bool InstanceMembers::has_own_group() const {
  return !members_.group.empty() && !std::ranges::contains(stanza_directories_, members_.group);
}

std::vector<pid_t> InstanceMembers::stray_processes() const {
  std::vector<pid_t> pids;
  if (members_.group.empty()) {
    for (const auto& orphan : orphans_of(members_, children_)) pids.push_back(orphan.pid);
    return pids;
  }
  for (pid_t pid : members_of(members_.group)) {
    auto facts = facts_of(pid);
    if (!facts || children_.is_watched(pid)) continue;
    if (has_own_group() || belongs_to(members_, *facts)) pids.push_back(pid);
  }
  return pids;
}

} // namespace upstart::supervisor
