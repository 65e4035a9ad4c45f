// The way of an event that is emitted here: to the broker if an expression matches it or another handler wants it, else
// to its end at once; and then to whoever waits for it.
//
// Who wants an event is decided when it is its turn, not when it is emitted: as long as events are on their way through
// the broker, which may bring jobs whose conditions name it, an event that nobody wants yet waits for them, and so does
// what is emitted after it. An event that nobody here holds, and no other handler wants, has finished as soon as it has
// been offered: what waits for it goes on before the next event is matched (events.md, 6 and 7).
#pragma once

#include "daemons/job-supervisor/jobs/core/job-steps.hpp"

#include <deque>
#include <set>

namespace upstart::supervisor {

class Emitting {
public:
  Emitting(Core& core, JobSteps& steps) : core_{core}, steps_{steps} {}

  // To the broker, or to its end.
  void decide(EmissionId id);
  // The broker gives this event to be handled: which emission it is, if it is one of those that are on their way.
  [[nodiscard]] std::optional<EmissionId> came_back(const Event& event);
  // It has been offered to all, and whoever waited for that is decided now; `held`: something here blocks it.
  void offered(std::optional<EmissionId> id, const std::string& name, bool held);
  // The emissions that were written down take their way again; the broker knows those that it has seen.
  void resume();
  // Whoever waits for it goes on; then clients are told of the event.
  void finish(EmissionId id, bool failed);

private:
  [[nodiscard]] bool is_wanted(const Event& event) const;
  void send_or_finish(EmissionId id);
  void decide_waiting();
  void tell_waiting(const Waits& waits, bool failed);

  Core& core_;
  JobSteps& steps_;
  std::set<EmissionId> on_their_way_; // to the broker, which will give them back; in the order of emission
  std::deque<EmissionId> waiting_;    // for their turn
};

} // namespace upstart::supervisor
