#include "daemons/job-supervisor/process/ending/main-ending.hpp"

#include <algorithm>
#include <csignal>
#include <unistd.h>

namespace upstart::supervisor {

MainEnding::MainEnding(const InstanceMembers& members, const Children& children, pid_t main, int kill_signal)
    : members_{members}, children_{children}, kill_signal_{kill_signal}, process_group_{::getpgid(main)} {}

void MainEnding::time_out() {
  out_of_time_ = true;
  kill_rest();
}

std::vector<pid_t> MainEnding::ended(int wait_status) {
  auto pids = rest();
  if (!wait_status_) {
    wait_status_ = wait_status;
    tell_other_process_groups(pids);
  }
  if (out_of_time_) kill_rest(); // also those that were made in the last moment
  return pids;
}

// Those that main left behind. Without a control group only its process group is known well enough to be waited for.
std::vector<pid_t> MainEnding::rest() const {
  bool grouped = members_.has_own_group();
  if (!grouped && (process_group_ <= 0 || process_group_ == ::getpgrp() || ::kill(-process_group_, 0) < 0)) return {};
  auto pids = grouped ? members_of(members_.known().group) : children_of(::getpid());
  std::erase_if(pids, [&](pid_t pid) {
    if (children_.is_watched(pid)) return true;
    auto facts = facts_of(pid);
    return !facts || facts->ended() || (!grouped && facts->group != process_group_);
  });
  return pids;
}

void MainEnding::kill_rest() const {
  if (members_.has_own_group()) return kill_members(members_.known().group);
  for (pid_t pid : rest()) ::kill(pid, SIGKILL);
}

void MainEnding::tell_other_process_groups(const std::vector<pid_t>& pids) const {
  for (pid_t pid : pids)
    if (::getpgid(pid) != process_group_) ::kill(pid, kill_signal_);
}

} // namespace upstart::supervisor
