// Ends what jobs have left behind where there are no control groups: their orphans and all who descend from them. One look at
// the supervisor's children serves all jobs that ask for it at the same time; it is repeated, a few times, as long as
// something turns up.
#pragma once

#include "daemons/job-supervisor/process/job-members.hpp"

#include <vector>

namespace upstart::supervisor {

class Leftovers {
public:
  explicit Leftovers(Children& children);
  // What was started until now and belongs to these.
  void kill(JobMembers members);
  // At once, for the last time.
  void finish();

private:
  struct Request {
    JobMembers members;
    std::uint64_t asked; // ticks since boot
    int looks = 0, in_vain = 0;
  };
  void look();
  [[nodiscard]] bool kill_orphans();

  Children& children_;
  std::vector<Request> requests_;
  protocol::Timer timer_;
};

} // namespace upstart::supervisor
