#include "daemons/job-supervisor/process/groups/instance-members.hpp"

#include <algorithm>
#include <fcntl.h>
#include <unistd.h>
#include <utility>

namespace upstart::supervisor {

InstanceMembers::~InstanceMembers() {
  leave_group();
  for (const std::string& directory : stanza_directories_) groups_.remove(directory);
}

void InstanceMembers::restore(JobMembers members, std::vector<std::string> stanza_directories) {
  members_ = std::move(members);
  stanza_directories_ = std::move(stanza_directories);
}

// The sessions of earlier processes are forgotten but for the last few: their orphans are known by other marks, too.
void InstanceMembers::begin(const SpawnRequest& request, std::uint64_t since) {
  constexpr std::size_t most_sessions = 16;
  if (members_.since == 0) members_.since = since != 0 ? since : ticks_since_boot();
  if (members_.sessions.size() >= most_sessions) members_.sessions.erase(members_.sessions.begin());
  members_.marks.clear();
  for (const std::string& entry : request.environment)
    if (entry.starts_with("UPSTART_JOB=") || entry.starts_with("UPSTART_INSTANCE=")) members_.marks.push_back(entry);
}

base::FileDescriptor InstanceMembers::enter(const StanzaGroups& stanza, const JobClass& job_class,
                                            const std::string& instance) {
  if (!stanza.directories.empty()) stanza_directories_ = stanza.directories;
  if (!stanza.unified.empty()) members_.group = stanza.unified;
  else if (std::exchange(own_group_is_gone_, false) || members_.group.empty() ||
           ::access(members_.group.c_str(), F_OK) < 0) { // it may have gone
    members_.group = groups_.create(job_class.name, instance);
    made_here_ = true;
  }
  if (members_.group.empty()) return {};
  return base::FileDescriptor{::open(members_.group.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
}

void InstanceMembers::find_group(pid_t pid) {
  if (auto found = groups_.find(pid); !found.empty()) members_.group = std::move(found);
  else if (::access(members_.group.c_str(), F_OK) < 0) members_.group.clear();
}

bool InstanceMembers::leave_group() {
  bool empty = members_.group.empty() || std::exchange(own_group_is_gone_, false) || groups_.remove(members_.group);
  members_.group.clear();
  return empty;
}

bool InstanceMembers::remove_empty_own_group() const {
  if (own_group_is_gone_) return true;
  if (!has_own_group() || ::rmdir(members_.group.c_str()) < 0) return false;
  own_group_is_gone_ = made_here_; // else there is the directory of the earlier supervisor to be removed, too
  return true;
}

std::vector<pid_t> InstanceMembers::kill_own_group(const EndScope& scope) {
  std::string group = members_.group;
  if (leave_group()) return {};
  auto ends = [&](pid_t pid) {
    auto facts = facts_of(pid);
    return !facts || scope.includes(*facts);
  };
  auto remaining = members_in_tree_of(group);
  std::erase_if(remaining, ends);
  if (remaining.empty()) kill_group_for_good(group);
  else kill_members(group, ends);
  return remaining;
}

bool InstanceMembers::has_own_group() const {
  return !members_.group.empty() && !std::ranges::contains(stanza_directories_, members_.group);
}

std::vector<pid_t> InstanceMembers::stray_processes() const {
  std::vector<pid_t> pids;
  if (members_.group.empty()) {
    for (const auto& orphan : orphans_of(members_, children_).found) pids.push_back(orphan.pid);
    return pids;
  }
  for (pid_t pid : members_of(members_.group)) {
    auto facts = facts_of(pid);
    if (!facts || children_.is_watched(pid)) continue;
    if (has_own_group() || membership_of(*facts, members_) == Membership::member) pids.push_back(pid);
  }
  return pids;
}

} // namespace upstart::supervisor
