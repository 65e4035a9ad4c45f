#include "daemons/job-supervisor/jobs/core/emitting.hpp"

#include "protocol/names.hpp"

namespace upstart::supervisor {

void Emitting::decide(EmissionId id) {
  const auto* emission = core_.emissions.find(id);
  if (emission == nullptr) return;
  core_.update_subscription();
  const auto& event = emission->event;
  if (core_.index.wants(event.name) || core_.ports.events.wanted_by_others(event.name)) {
    core_.turn.outgoing.emplace_back(outgoing::Emit{id, event, emission->origin});
  } else {
    core_.turn.outgoing.emplace_back(outgoing::Record{event, emission->origin});
    // In its turn: the records of many leave together, and what follows from each after them.
    core_.add_work(work::EmissionFinished{id, false});
  }
}

void Emitting::finish(EmissionId id, bool failed) {
  auto emission = core_.emissions.take(id);
  if (!emission) return;
  tell_waiting(emission->waits, failed);
  core_.tell(notice::EventEmitted{std::move(emission->event.name), std::move(emission->event.environment)});
}

void Emitting::tell_waiting(const Waits& waits, bool failed) {
  if (const auto* job = std::get_if<waits::ForJob>(&waits)) {
    if (auto* waiting_job = core_.classes.find(job->job)) steps_.take(*waiting_job, input::EventFinished{job->ticket});
  } else if (const auto* waiting = std::get_if<waits::ForCaller>(&waits)) {
    Outcome outcome;
    if (failed) outcome = std::unexpected(CommandError{protocol::error_name::event_failed, "Event failed"});
    core_.answer(waiting->caller, std::move(outcome));
  } else if (std::holds_alternative<waits::ForSessionEnd>(waits)) {
    core_.add_work(work::SessionEventFinished{});
  }
}

} // namespace upstart::supervisor
