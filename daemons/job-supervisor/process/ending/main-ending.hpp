// The ending of a main process that was told to end, and of what ends with it (`kill mode`): all have main's time, and
// main's end is told when the last of them has ended. Owned by the instance, from the first signal on.
#pragma once

#include "daemons/job-supervisor/process/groups/instance-members.hpp"

#include <optional>
#include <vector>

namespace upstart::supervisor {

// What the next supervisor must know of it.
struct EndingNote {
  EndScope scope;
  std::optional<int> wait_status{}; // main's own, once it has ended
  bool out_of_time = false;
};

class MainEnding {
public:
  // `kill_signal` is sent to those whom the signal to main's process group does not reach.
  MainEnding(const InstanceMembers& members, const Children& children, EndScope scope, int kill_signal);

  // Goes on with one that an earlier supervisor began.
  MainEnding(const InstanceMembers& members, const Children& children, const EndingNote& note, int kill_signal);

  // The time is over: SIGKILL for whoever is there, and for whoever is found later.
  void time_out();
  // Main, or the process that was waited for in its place, has ended: which others are to be waited for.
  [[nodiscard]] std::vector<pid_t> ended(int wait_status);
  // Main's own.
  [[nodiscard]] int wait_status() const { return wait_status_.value_or(0); }
  [[nodiscard]] bool has_wait_status() const { return wait_status_.has_value(); }
  [[nodiscard]] bool is_out_of_time() const { return out_of_time_; }
  [[nodiscard]] EndingNote note() const { return {scope_, wait_status_, out_of_time_}; }
  [[nodiscard]] const EndScope& scope() const { return scope_; }

  // Where no control group shows them, stray processes are looked for once, when the others have ended.
  enum class Strays { not_looked_for, looked_for, gone };
  Strays strays = Strays::not_looked_for;

private:
  [[nodiscard]] std::vector<pid_t> rest() const;
  [[nodiscard]] bool process_group_is_gone() const;
  void tell_other_process_groups(const std::vector<pid_t>& pids) const;
  void kill_rest() const;

  const InstanceMembers& members_;
  const Children& children_;
  EndScope scope_;
  int kill_signal_;
  std::optional<int> wait_status_; // once main has ended
  bool out_of_time_ = false;
};

// The signal, and SIGCONT, without which a process that was stopped does not see it. To a process group where negative.
void tell_to_end(pid_t pid, int signal_number);

} // namespace upstart::supervisor
