#include "daemons/job-supervisor/jobs/core/emitting.hpp"

#include "protocol/names.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace upstart::supervisor {

namespace {
constexpr std::chrono::milliseconds longest_wait{100};
} // namespace

void Emitting::decide(EmissionId id) {
  waiting_.push_back(id);
  if (waiting_.size() == 1) decide_waiting();
}

void Emitting::decide_waiting() {
  if (!core_.ports.events.is_connected()) on_their_way_.clear(); // they come back when they can
  for (; !waiting_.empty(); waiting_.pop_front()) {
    const auto* emission = core_.emissions.find(waiting_.front());
    if (emission == nullptr) continue;
    if (must_wait(emission->event)) {
      if (!end_of_wait_) end_of_wait_ = core_.ports.clock.after(longest_wait, [this] { stop_waiting(); });
      return;
    }
    send_or_finish(waiting_.front());
  }
  end_of_wait_.reset();
}

bool Emitting::must_wait(const Event& event) const {
  bool others_unknown = !core_.ports.events.knows_others() && !others_stay_unknown_;
  return (others_unknown || !on_their_way_.empty()) && !is_wanted(event);
}

// It is decided with what is known.
void Emitting::stop_waiting() {
  auto over = std::exchange(end_of_wait_, nullptr);
  others_stay_unknown_ = true;
  on_their_way_.clear();
  decide_waiting();
  run_turn_();
}

bool Emitting::is_wanted(const Event& event) const {
  return core_.ports.events.wanted_by_others(event.name) || !core_.index.find(event.name, event.environment).empty();
}

std::optional<EmissionId> Emitting::came_back(const Event& event) {
  auto found = std::ranges::find_if(on_their_way_, [&](EmissionId id) {
    const auto& emitted = core_.emissions.find(id)->event;
    return emitted.name == event.name && emitted.environment == event.environment;
  });
  if (found == on_their_way_.end()) return std::nullopt;
  core_.emissions.set_stage(*found, Emission::Stage::given_back);
  return on_their_way_.extract(found).value();
}

void Emitting::resume() {
  std::vector<EmissionId> ids;
  for (const auto& [id, _] : core_.emissions.all()) ids.push_back(id);
  std::ranges::sort(ids);
  for (auto id : ids) {
    const auto& emission = *core_.emissions.find(id);
    if (emission.stage == Emission::Stage::waits_for_its_turn) {
      core_.add_work(work::Emitted{id});
      continue;
    }
    if (emission.stage == Emission::Stage::on_its_way && core_.index.wants(emission.event.name))
      on_their_way_.insert(on_their_way_.end(), id);
    core_.turn.outgoing.emplace_back(outgoing::Emit{id, emission.event, emission.origin});
  }
}

void Emitting::offered(std::optional<EmissionId> id, const std::string& name, bool held) {
  if (id && !held && !core_.ports.events.wanted_by_others(name)) core_.add_work(work::EmissionFinished{*id, false});
  decide_waiting();
}

void Emitting::send_or_finish(EmissionId id) {
  const auto* emission = core_.emissions.find(id);
  core_.update_subscription();
  const auto& event = emission->event;
  if (is_wanted(event)) {
    if (core_.index.wants(event.name) && core_.ports.events.is_connected())
      on_their_way_.insert(on_their_way_.end(), id);
    core_.emissions.set_stage(id, Emission::Stage::on_its_way);
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
  if (on_their_way_.erase(id) > 0) decide_waiting(); // it has not been given back, and will not be
  tell_waiting(emission->waits, failed);
  auto& event = emission->event;
  core_.tell(notice::EventEmitted{std::move(event.name), std::move(event.environment), std::move(event.as_given)});
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
