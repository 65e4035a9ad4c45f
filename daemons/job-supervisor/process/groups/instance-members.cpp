#include "daemons/job-supervisor/process/groups/instance-members.hpp"

#include <algorithm>
#include <fcntl.h>
#include <unistd.h>
#include <utility>

namespace upstart::supervisor {

InstanceMembers::~InstanceMembers() {
  leave_group();
  for (const std::string& directory : *stanza_directories_) groups_.remove(directory);
}

void InstanceMembers::restore(JobMembers members, std::vector<std::string> stanza_directories) {
  group_ = groups_.shortened(std::move(members.group));
  for (pid_t session : members.sessions) add_spawned(session);
  since_ = members.since;
  if (!stanza_directories.empty()) stanza_directories_.edit() = std::move(stanza_directories);
}

JobMembers InstanceMembers::known() const {
  JobMembers members{.group = group(), .sessions = *earlier_sessions_, .since = since_};
  if (last_session_ != 0) members.sessions.push_back(last_session_);
  if (ever_spawned()) members.marks = {"UPSTART_JOB=" + job_, "UPSTART_INSTANCE=" + *instance_};
  return members;
}

// The sessions of earlier processes are forgotten but for the last few: their orphans are known by other marks, too.
void InstanceMembers::begin(std::uint64_t since) {
  constexpr std::size_t most_sessions = 16;
  if (since_ == 0) since_ = since != 0 ? since : ticks_since_boot();
  if (earlier_sessions_->size() + 1 >= most_sessions) earlier_sessions_.edit().erase(earlier_sessions_->begin());
}

void InstanceMembers::add_spawned(pid_t pid) {
  if (last_session_ != 0) earlier_sessions_.edit().push_back(last_session_);
  last_session_ = pid;
}

base::FileDescriptor InstanceMembers::enter(const StanzaGroups& stanza) {
  if (!stanza.directories.empty()) stanza_directories_.edit() = stanza.directories;
  if (!stanza.unified.empty()) group_ = stanza.unified;
  else if (std::exchange(own_group_is_gone_, false) || group_.empty() ||
           ::access(group().c_str(), F_OK) < 0) { // it may have gone
    group_ = groups_.shortened(groups_.create(job_, *instance_));
    made_here_ = true;
  }
  if (group_.empty()) return {};
  return base::FileDescriptor{::open(group().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
}

void InstanceMembers::find_group(pid_t pid) {
  if (auto found = groups_.find(pid); !found.empty()) group_ = groups_.shortened(std::move(found));
  else if (::access(group().c_str(), F_OK) < 0) group_.clear();
}

bool InstanceMembers::leave_group() {
  bool empty = group_.empty() || std::exchange(own_group_is_gone_, false) || groups_.remove(group());
  group_.clear();
  return empty;
}

bool InstanceMembers::remove_empty_own_group() const {
  if (own_group_is_gone_) return true;
  if (!has_own_group() || ::rmdir(group().c_str()) < 0) return false;
  own_group_is_gone_ = made_here_; // else there is the directory of the earlier supervisor to be removed, too
  return true;
}

std::vector<pid_t> InstanceMembers::kill_own_group(const EndScope& scope) {
  std::string group = this->group();
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
  return has_group() && !std::ranges::contains(*stanza_directories_, group());
}

std::vector<pid_t> InstanceMembers::stray_processes() const {
  auto members = known();
  std::vector<pid_t> pids;
  if (!has_group()) {
    for (const auto& orphan : orphans_of(members, children_).found) pids.push_back(orphan.pid);
    return pids;
  }
  for (pid_t pid : members_of(members.group)) {
    auto facts = facts_of(pid);
    if (!facts || children_.is_watched(pid)) continue;
    if (has_own_group() || membership_of(*facts, members) == Membership::member) pids.push_back(pid);
  }
  return pids;
}

} // namespace upstart::supervisor
