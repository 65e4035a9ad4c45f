// The handled events that have finished here, until the broker has confirmed that it knows: what is told again when the
// broker, or this daemon, comes back.
#pragma once

#include "daemons/job-supervisor/expression/expression-state.hpp"
#include "daemons/job-supervisor/jobs/tables/changes.hpp"
#include "protocol/job-action.hpp"

#include <map>

namespace upstart::supervisor {

class FinishedEvents {
public:
  // More than these are not kept: the oldest are taken to be confirmed.
  static constexpr std::size_t most = 10'000;

  struct Finished {
    bool failed = false;
    std::vector<protocol::JobAction> actions;
    friend bool operator==(const Finished&, const Finished&) = default;
  };

  void add(EventId id, Finished finished) {
    events_.insert_or_assign(id, std::move(finished));
    changes_.mark(id);
    if (events_.size() > most) confirm(events_.begin()->first);
  }
  void confirm(EventId id) {
    if (events_.erase(id) > 0) changes_.mark(id);
  }
  [[nodiscard]] const Finished* find(EventId id) const {
    auto found = events_.find(id);
    return found == events_.end() ? nullptr : &found->second;
  }

  // For the memory.
  [[nodiscard]] const std::map<EventId, Finished>& all() const { return events_; }
  [[nodiscard]] Changes<EventId>& changes() { return changes_; }
  void restore(EventId id, Finished finished) { events_.insert_or_assign(id, std::move(finished)); }

private:
  std::map<EventId, Finished> events_;
  Changes<EventId> changes_;
};

} // namespace upstart::supervisor
