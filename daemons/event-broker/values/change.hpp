// What the broker must not forget, as the changes to it: nothing else survives a restart, and everything else can be
// rebuilt from these. The queue makes them, the store writes them down, a restart gives them back in order.
#pragma once

#include "daemons/event-broker/values/event.hpp"

#include <expected>
#include <optional>
#include <string_view>
#include <variant>

namespace upstart::broker {

// No id up to this one may be given out after a restart of the broker.
struct IdsReserved {
  EventId up_to = 0;
};
// A handler attached and wants these events and no others.
struct HandlerAttached {
  std::string handler;
  std::vector<std::string> wants;
};
// An attached handler wants more, or less.
struct HandlerSubscribed {
  std::string handler;
  std::vector<std::string> add;
  std::vector<std::string> remove;
};
// A handler went that wants nothing and owes nothing.
struct HandlerForgotten {
  std::string handler;
};
// An event was accepted that these handlers want.
struct EventAccepted {
  EventPointer event;
  std::vector<std::string> handlers;
};
// One of several handlers is done with an event.
struct HandlerFinished {
  EventId id = 0;
  std::string handler;
  bool failed = false;
  JobActions done;
};
// Nothing blocks an event any more. What follows from a failure is part of it: both are remembered or neither.
struct EventEnded {
  EventId id = 0;
  bool failed = false;
  std::optional<EventAccepted> follow_up;
};
// The outcomes of failed events up to this one are no longer known.
struct FailuresForgotten {
  EventId up_to = 0;
};

// An event that has ended had this token.
struct TokenRemembered {
  std::string token;
  EventId id = 0;
};

using Change = std::variant<IdsReserved, HandlerAttached, HandlerSubscribed, HandlerForgotten, EventAccepted,
                            HandlerFinished, EventEnded, FailuresForgotten, TokenRemembered>;

// A change as bytes and back; the error says what is wrong with the bytes.
[[nodiscard]] std::string encode(const Change& change);
[[nodiscard]] std::expected<Change, std::string> decode(std::string_view bytes);

} // namespace upstart::broker
