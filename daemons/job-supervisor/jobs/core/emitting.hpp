// The way of an event that is emitted here: to the broker if anybody wants it, else to its end at once; and then to
// whoever waits for it.
#pragma once

#include "daemons/job-supervisor/jobs/core/job-steps.hpp"

namespace upstart::supervisor {

class Emitting {
public:
  Emitting(Core& core, JobSteps& steps) : core_{core}, steps_{steps} {}

  // To the broker, or to its end.
  void decide(EmissionId id);
  // Whoever waits for it goes on; then clients are told of the event.
  void finish(EmissionId id, bool failed);

private:
  void tell_waiting(const Waits& waits, bool failed);

  Core& core_;
  JobSteps& steps_;
};

} // namespace upstart::supervisor
