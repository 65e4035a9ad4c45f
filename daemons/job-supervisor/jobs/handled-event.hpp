// An event that the broker gave to this daemon to handle. It is blocked by every expression that holds it and every
// job that moves because of it; the broker is told when the last of them has let go.
#pragma once

#include "daemons/job-supervisor/expression/expression-state.hpp"
#include "daemons/job-supervisor/jobs/ports.hpp"

namespace upstart::supervisor {

class HandledEvent {
public:
  HandledEvent(EventId id, Event event) : id_{id}, event_{std::move(event)} {}

  [[nodiscard]] EventId id() const { return id_; }
  [[nodiscard]] const std::string& name() const { return event_.name; }
  [[nodiscard]] const protocol::Environment& environment() const { return event_.environment; }
  [[nodiscard]] const SharedFiles& files() const { return event_.files; }

  void block() { ++blockers_; }
  // True when that was the last blocker.
  [[nodiscard]] bool unblock(bool failed) {
    failed_ = failed_ || failed;
    return --blockers_ == 0;
  }
  [[nodiscard]] std::size_t blockers() const { return blockers_; }
  [[nodiscard]] bool failed() const { return failed_; }

  // What it brought about, for the history.
  void note(protocol::JobAction done) { done_.push_back(std::move(done)); }
  [[nodiscard]] const std::vector<protocol::JobAction>& done() const { return done_; }

private:
  EventId id_;
  Event event_;
  std::size_t blockers_ = 0;
  bool failed_ = false;
  std::vector<protocol::JobAction> done_;
};

} // namespace upstart::supervisor
