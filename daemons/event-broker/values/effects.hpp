// What has to be done because of a decision of the queue. Changes are what must not be forgotten: they are written down
// before anything of `outgoing` leaves the process.
#pragma once

#include "daemons/event-broker/values/change.hpp"
#include "daemons/event-broker/values/event.hpp"

#include <variant>

namespace upstart::broker {

// One life of a handler: from its Attach until it goes or is replaced. Never used again. 0: away.
using SubscriptionId = std::uint64_t;
// Somebody who waits for the outcome of an event; numbers are the caller's choice.
using WaiterId = std::uint64_t;

struct Deliver {
  SubscriptionId to = 0;
  EventPointer event;
  bool again = false;
};
struct Emitted {
  EventPointer event;
};
struct Finished {
  EventPointer event;
  bool failed = false;
};
struct Answer {
  WaiterId waiter = 0;
  bool failed = false;
};
using Outgoing = std::variant<Deliver, Emitted, Finished, Answer>;

struct Effects {
  std::vector<Change> changes;
  std::vector<Outgoing> outgoing;
};

} // namespace upstart::broker
