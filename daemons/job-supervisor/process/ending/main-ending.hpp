// The ending of a main process that was told to end, and of all that it started: they have main's time, and main's end
// is told when the last of them has ended. Owned by the instance, from the first signal on.
#pragma once

#include "daemons/job-supervisor/process/groups/instance-members.hpp"

#include <optional>
#include <vector>

namespace upstart::supervisor {

class MainEnding {
public:
  // `kill_signal` is sent to those whom the signal to main's process group does not reach.
  MainEnding(const InstanceMembers& members, const Children& children, pid_t main, int kill_signal);

  // The time is over: SIGKILL for whoever is there, and for whoever is found later.
  void time_out();
  // Main, or the process that was waited for in its place, has ended: which others are to be waited for.
  [[nodiscard]] std::vector<pid_t> ended(int wait_status);
  // Main's own.
  [[nodiscard]] int wait_status() const { return wait_status_.value_or(0); }

private:
  [[nodiscard]] std::vector<pid_t> rest() const;
  void tell_other_process_groups(const std::vector<pid_t>& pids) const;
  void kill_rest() const;

  const InstanceMembers& members_;
  const Children& children_;
  int kill_signal_;
  pid_t process_group_;            // which was told to end
  std::optional<int> wait_status_; // once main has ended
  bool out_of_time_ = false;
};

} // namespace upstart::supervisor
