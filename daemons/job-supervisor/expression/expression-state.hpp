// Which leaves of one owner's expression are true, and which event each true leaf holds. A value: events are ids here,
// and blocking an event that is held is the owner's business.
#pragma once

#include "daemons/base/values/rare.hpp"
#include "daemons/job-supervisor/language/model/event-expression.hpp"

#include <cstdint>
#include <vector>

namespace upstart::supervisor {

using EventId = std::uint64_t; // as the broker numbers events, from 1
inline constexpr EventId no_event = 0;

class ExpressionState {
public:
  ExpressionState() = default;
  // As `held` told it.
  explicit ExpressionState(std::vector<EventId> held) {
    if (!held.empty()) held_.edit() = std::move(held);
  }

  // Makes that leaf true by this event. False, and nothing changes, if it was true already: a second such event does
  // not replace the first.
  bool offer(const EventExpression& expression, std::uint32_t leaf, EventId event);

  [[nodiscard]] bool is_true(const EventExpression& expression) const;
  // The events on the true side, in the order of the expression, each once for every leaf that holds it.
  [[nodiscard]] std::vector<EventId> events_that_made_it_true(const EventExpression& expression) const;

  // Every event held, in the order of the expression; they are no longer held here, and all nodes are false.
  [[nodiscard]] std::vector<EventId> reset();
  [[nodiscard]] bool empty() const { return held_->empty(); }
  // The event that a leaf holds; `no_event` where it is false.
  [[nodiscard]] EventId held_by(std::uint32_t leaf) const { return leaf < held_->size() ? (*held_)[leaf] : no_event; }
  // By node; empty while all are false.
  [[nodiscard]] const std::vector<EventId>& held() const { return *held_; }

  friend bool operator==(const ExpressionState&, const ExpressionState&) = default;

private:
  base::Rare<std::vector<EventId>> held_;
};

} // namespace upstart::supervisor
