#include "daemons/job-supervisor/process/ending/main-ending.hpp"

#include <algorithm>
#include <csignal>
#include <unistd.h>

namespace upstart::supervisor {

void tell_to_end(pid_t pid, int signal_number) {
  ::kill(pid, signal_number);
  if (signal_number != SIGKILL) ::kill(pid, SIGCONT);
}

MainEnding::MainEnding(const InstanceMembers& members, const Children& children, EndScope scope, int kill_signal)
    : members_{members}, children_{children}, scope_{std::move(scope)}, kill_signal_{kill_signal} {}

MainEnding::MainEnding(const InstanceMembers& members, const Children& children, const EndingNote& note,
                       int kill_signal)
    : MainEnding{members, children, note.scope, kill_signal} {
  wait_status_ = note.wait_status;
  out_of_time_ = note.out_of_time;
}

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

bool MainEnding::process_group_is_gone() const {
  pid_t group = scope_.process_group();
  return group <= 0 || group == ::getpgrp() || ::kill(-group, 0) < 0;
}

// Those that main left behind. Without a control group only its process group is known well enough to be waited for.
// One may end while it is looked at, and leave others that were not there yet: of the control group one that it has
// forked, else its children, which become orphans with its end. Then it is looked again, without a control group until
// two lists agree, since who has ended stays in them until it is reaped.
std::vector<pid_t> MainEnding::rest() const {
  constexpr int most_looks = 100;
  if (scope_.mode() == KillMode::process) return {};
  bool grouped = members_.has_own_group();
  if ((!grouped || scope_.mode() == KillMode::group) && process_group_is_gone()) return {};
  if (members_.remove_empty_own_group()) return {};
  std::vector<pid_t> before;
  for (int look = 0;; ++look) {
    bool changed = false;
    auto pids = grouped ? members_of(members_.group()) : children_.orphans();
    auto listed = pids;
    std::erase_if(pids, [&](pid_t pid) {
      if (children_.is_watched(pid)) return true;
      auto facts = facts_of(pid);
      changed |= !facts || facts->ended();
      if (!facts || facts->ended()) return true;
      return grouped ? !scope_.includes(*facts) : facts->group != scope_.process_group();
    });
    bool settled = !changed || (!grouped && listed == before);
    if (!pids.empty() || settled || look == most_looks) return pids;
    before = std::move(listed);
  }
}

void MainEnding::kill_rest() const {
  if (!members_.has_own_group() || scope_.mode() != KillMode::all) {
    for (pid_t pid : rest()) ::kill(pid, SIGKILL);
    return;
  }
  kill_members(members_.group(), [this](pid_t pid) {
    auto facts = facts_of(pid);
    return !facts || scope_.includes(*facts);
  });
}

void MainEnding::tell_other_process_groups(const std::vector<pid_t>& pids) const {
  for (pid_t pid : pids)
    if (::getpgid(pid) != scope_.process_group()) tell_to_end(pid, kill_signal_);
}

} // namespace upstart::supervisor
