#include "daemons/event-broker/shell/session.hpp"

#include <spdlog/spdlog.h>

namespace upstart::broker {

namespace {

bool is_signal(const Session::Item& item) {
  const auto* outgoing = std::get_if<Outgoing>(&item);
  return outgoing != nullptr &&
         (std::holds_alternative<Emitted>(*outgoing) || std::holds_alternative<Finished>(*outgoing));
}

} // namespace

Session::Session(Requests requests, Deliveries& deliveries, base::BusConnection& connection)
    : deliveries_{deliveries}, connection_{connection}, object_{requests, *this, connection}, outbox_{connection} {}

// A bus that does not keep up loses signals, which are for onlookers there. A peer that does not read would lose what
// it must know, and is hung up on when it is overfull: what it was given as a handler is given again.
bool Session::leaves_out(const Item& item) const {
  return outbox_.crowded() && !connection_.is_peer() && is_signal(item);
}

void Session::post(Item item) {
  if (leaves_out(item)) ++left_out_;
  else outbox_.push(std::move(item));
}

void Session::flush() {
  outbox_.flush([this](const Item& item) { send(item); });
  if (outbox_.empty() && left_out_ > 0)
    spdlog::warn("the bus did not read fast enough: {} signals were not sent on it", std::exchange(left_out_, 0));
}

void Session::announce(EventId id, const std::string& name, const std::vector<std::string>& env) {
  if (!outbox_.empty() || !has_room()) {
    auto event =
        std::make_shared<const Event>(Event{.id = id, .name = name, .env = env, .emitter = {}, .time = 0, .files = 0});
    post(Emitted{event});
    post(Finished{event, false});
    return;
  }
  auto problem = base::send_if_connected([&] {
    object_.emitEventEmitted(id, name, env);
    object_.emitEventFinished(id, name, env, false);
  });
  if (problem) spdlog::warn("a signal could not be sent: {}", *problem);
}

// A connection that was hung up on is noticed by itself. A handler that cannot be told of an event would block it for
// ever: it has failed to handle it.
void Session::send(const Item& item) {
  auto problem = base::send_if_connected([&] { std::visit([this](const auto& kind) { send_kind(kind); }, item); });
  if (!problem) return;
  spdlog::warn("a message could not be sent: {}", *problem);
  if (const auto* outgoing = std::get_if<Outgoing>(&item))
    if (const auto* deliver = std::get_if<Deliver>(outgoing)) deliveries_.undeliverable(*deliver);
}

void Session::send_kind(const Outgoing& item) {
  std::visit([this](const auto& kind) { send_kind(kind); }, item);
}

void Session::send_kind(const Deliver& item) {
  auto* to = deliveries_.subscriber(item.to);
  if (to != nullptr) to->handle(*item.event, deliveries_.files_of(item.event->id), item.again);
}

void Session::send_kind(const Emitted& item) {
  object_.emitEventEmitted(item.event->id, item.event->name, item.event->env);
}

void Session::send_kind(const Finished& item) {
  object_.emitEventFinished(item.event->id, item.event->name, item.event->env, item.failed);
}

void Session::send_kind(const Answer& item) {
  auto waiting = waiting_.extract(item.waiter);
  if (waiting) waiting.mapped().result.returnResults(item.failed);
}

void Session::send_kind(const Queue::View& item) {
  if (auto* to = deliveries_.subscriber(item.handler)) object_.tell_interest(to->sender(), item.wanted_by_others);
}

void Session::keep_waiting(WaiterId waiter, EventId id, sdbus::Result<bool> result) {
  waiting_.emplace(waiter, Waiting{id, std::move(result)});
}

} // namespace upstart::broker
