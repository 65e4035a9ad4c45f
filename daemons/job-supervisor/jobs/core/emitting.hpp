// The way of an event that is emitted here: to the broker if an expression matches it or another handler wants it, else
// to its end at once; and then to whoever waits for it.
//
// Who wants an event is decided when it is its turn, not when it is emitted: as long as events are on their way through
// the broker, which may bring jobs whose conditions name it, an event that nobody wants yet waits for them, and so does
// what is emitted after it. They wait a moment at most: a broker that is away or hangs holds up no job that does not
// need it. The same where it is not known yet what other handlers want. An event that nobody here holds, and no other
// handler wants, has finished as soon as it has been offered: what waits for it goes on before the next event is
// matched (events.md, 6 and 7).
#pragma once

#include "daemons/job-supervisor/jobs/core/job-steps.hpp"

#include <deque>
#include <functional>
#include <memory>
#include <set>

namespace upstart::supervisor {

class Emitting {
public:
  // `run_turn` works off what the end of the wait has brought about.
  Emitting(Core& core, JobSteps& steps, std::function<void()> run_turn)
      : core_{core}, steps_{steps}, run_turn_{std::move(run_turn)} {}

  // To the broker, or to its end.
  void decide(EmissionId id);
  // The broker gives this event to be handled: which emission it is, if it is one of those that are on their way.
  [[nodiscard]] std::optional<EmissionId> came_back(const Event& event);
  // It has been offered to all, and whoever waited for that is decided now; `held`: something here blocks it.
  void offered(std::optional<EmissionId> id, const std::string& name, bool held);
  // What others want is known now.
  void others_known() { decide_waiting(); }
  // The emissions that were written down take their way again; the broker knows those that it has seen.
  void resume();
  // Whoever waits for it goes on; then clients are told of the event.
  void finish(EmissionId id, bool failed);

private:
  [[nodiscard]] bool is_wanted(const Event& event) const;
  void send_or_finish(EmissionId id);
  void decide_waiting();
  [[nodiscard]] bool must_wait(const Event& event) const;
  void stop_waiting();
  void tell_waiting(const Waits& waits, bool failed);

  Core& core_;
  JobSteps& steps_;
  std::function<void()> run_turn_;
  std::set<EmissionId> on_their_way_; // to the broker, which will give them back; in the order of emission
  std::deque<EmissionId> waiting_;    // for their turn
  std::unique_ptr<Alarm> end_of_wait_;
  bool others_stay_unknown_ = false;
};

} // namespace upstart::supervisor
