#include "daemons/event-broker/shell/session.hpp"

#include <spdlog/spdlog.h>

#include <poll.h>

namespace upstart::broker {

namespace {

std::size_t bytes_of(const Event& event) {
  std::size_t bytes = sizeof event + event.name.size();
  for (const auto& entry : event.env) bytes += sizeof entry + entry.size();
  return bytes;
}

// What an item takes as a message, nearly. Events are shared with what else waits, and counted all the same: as
// messages they are not.
std::size_t bytes_of(const Session::Item& item) {
  constexpr std::size_t small = 64;
  if (const auto* deliver = std::get_if<Deliver>(&item)) return small + bytes_of(*deliver->event);
  if (const auto* signal = std::get_if<Signal>(&item)) return small + bytes_of(*signal->event);
  return small;
}

} // namespace

Session::Session(Requests requests, Deliveries& deliveries, base::BusConnection& connection)
    : deliveries_{deliveries}, connection_{connection}, object_{requests, *this, connection}, outbox_{connection} {}

// A bus that does not keep up loses signals, which are for onlookers there. A peer that does not read would lose what
// it must know, and is hung up on when it is overfull: what it was given as a handler is given again.
bool Session::leaves_out(const Item& item) const {
  return outbox_.crowded() && !connection_.is_peer() && std::holds_alternative<Signal>(item);
}

void Session::post(Item item) {
  if (leaves_out(item)) {
    ++left_out_;
    return;
  }
  auto bytes = bytes_of(item);
  outbox_.push(std::move(item), bytes);
}

void Session::flush() {
  outbox_.flush([this](const Item& item) { send(item); });
  if (outbox_.empty() && left_out_ > 0)
    spdlog::warn("the bus did not read fast enough: {} signals were not sent on it", std::exchange(left_out_, 0));
}

bool Session::other_end_has_gone() const {
  pollfd socket{.fd = sd_bus_get_fd(connection_.raw()), .events = POLLRDHUP, .revents = 0};
  return ::poll(&socket, 1, 0) > 0 && (socket.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

// A connection that was hung up on is noticed by itself. A handler that cannot be told of an event would block it for
// ever: it has failed to handle it.
void Session::send(const Item& item) {
  auto problem = base::send_if_connected([&] { std::visit([this](const auto& kind) { send_kind(kind); }, item); });
  if (!problem) return;
  spdlog::warn("a message could not be sent: {}", *problem);
  if (const auto* deliver = std::get_if<Deliver>(&item)) deliveries_.undeliverable(*deliver);
}

void Session::send_kind(const Deliver& item) {
  auto* to = deliveries_.subscriber(item.to);
  if (to != nullptr) to->handle(*item.event, deliveries_.files_of(item.event->id), item.again);
}

void Session::send_kind(const Answer& item) {
  auto waiting = waiting_.extract(item.waiter);
  if (waiting) waiting.mapped().result.returnResults(item.failed);
}

void Session::send_kind(const Signal& item) {
  if (item.failed) object_.tell_finished(item.destination, *item.event, *item.failed);
  else object_.tell_emitted(item.destination, *item.event);
}

void Session::send_kind(const Displaced& item) { object_.tell_displaced(item.destination, item.handler); }

void Session::send_kind(const Handlers::View& item) {
  if (auto* to = deliveries_.subscriber(item.handler)) object_.tell_interest(to->sender(), item.wanted_by_others);
}

void Session::keep_waiting(WaiterId waiter, EventId id, sdbus::Result<bool> result) {
  waiting_.emplace(waiter, Waiting{id, std::move(result)});
}

} // namespace upstart::broker
