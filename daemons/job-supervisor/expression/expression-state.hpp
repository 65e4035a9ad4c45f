// Which nodes of one owner's expression are true, and which event each true leaf holds on to. An event that a leaf
// holds is blocked until the expression is reset or acted upon; who does the blocking is the owner's business: here
// events are only handed in and handed back.
#pragma once

#include "daemons/job-supervisor/language/model/event-expression.hpp"

#include <cstdint>
#include <memory>
#include <vector>

namespace upstart::supervisor {

class HandledEvent;
using EventPointer = std::shared_ptr<HandledEvent>;

class ExpressionState {
public:
  // Makes that leaf true by this event. False, and nothing changes, if it was true already: a second such event does
  // not replace the first.
  bool offer(const EventExpression& expression, std::uint32_t leaf, EventPointer event);

  [[nodiscard]] bool is_true(const EventExpression& expression) const;
  // The events on the true side, in the order of the expression, each once.
  [[nodiscard]] std::vector<EventPointer> events_that_made_it_true(const EventExpression& expression) const;

  // Every event held, in the order of the expression; they are no longer held here, and all nodes are false.
  [[nodiscard]] std::vector<EventPointer> reset();
  [[nodiscard]] bool empty() const { return held_.empty(); }
  // Event that leaf holds; empty where it is false.
  [[nodiscard]] EventPointer held_by(std::uint32_t leaf) const;

private:
  std::vector<EventPointer> held_; // by node index; empty while all are false
};

} // namespace upstart::supervisor
