// Ends what jobs have left behind where there are no control groups: their orphans and all who descend from them. One
// look at the supervisor's children serves all jobs that ask for it at the same time; it is repeated, a few times, as
// long as something turns up.
#pragma once

#include "daemons/job-supervisor/process/groups/job-members.hpp"

#include <chrono>
#include <vector>

namespace upstart::supervisor {

class StrayProcesses {
public:
  explicit StrayProcesses(Children& children);
  // What was started until now and belongs to these, those in their control group excepted.
  void kill(JobMembers members);
  // The same, and all of their control group, when `grace` has passed.
  void kill_later(JobMembers members, std::chrono::milliseconds grace);
  // At once, for the last time.
  void finish();

private:
  struct Request {
    JobMembers members;
    std::uint64_t asked; // ticks since boot
    int looks = 0, in_vain = 0;
  };
  struct Deadline {
    std::chrono::steady_clock::time_point when;
    Request request;
  };
  void look();
  void pass_deadlines(std::chrono::steady_clock::time_point now);
  [[nodiscard]] bool kill_orphans();

  Children& children_;
  std::vector<Request> requests_;
  std::vector<Deadline> deadlines_;
  base::Timer timer_;
  base::Timer next_deadline_;
};

} // namespace upstart::supervisor
