#include "daemons/event-broker/link.hpp"

#include "daemons/event-broker/broker.hpp"

#include <spdlog/spdlog.h>

namespace upstart::broker {

namespace {

// Messages given to the connection before it has written those it has.
constexpr std::uint64_t most_unwritten = 1024;
// What may wait. A bus that does not keep up loses signals, which are for onlookers there; a peer that does not read
// would lose what it must know, and is hung up on: whatever it was given as a handler is given again.
constexpr std::size_t most_signals_waiting_for_a_bus = 16'384;
constexpr std::size_t most_waiting = 262'144;

bool is_signal(const Link::Item& item) {
  const auto* outgoing = std::get_if<Outgoing>(&item);
  return outgoing != nullptr &&
         (std::holds_alternative<Emitted>(*outgoing) || std::holds_alternative<Finished>(*outgoing));
}

} // namespace

Link::Link(Broker& broker, std::unique_ptr<base::BusConnection> connection)
    : broker_{broker}, connection_{std::move(connection)}, object_{std::make_unique<BrokerObject>(broker, *this)} {}

Link::~Link() = default;

std::uint64_t Link::unwritten() const {
  std::uint64_t count = 0;
  return sd_bus_get_n_queued_write(connection_->raw(), &count) < 0 ? 0 : count;
}

bool Link::has_room() const { return unwritten() < most_unwritten; }
bool Link::all_written() const { return outbox_.empty() && unwritten() == 0; }
bool Link::overfull() const { return outbox_.size() > most_waiting; }

bool Link::leaves_out(const Item& item) const {
  return outbox_.size() >= most_signals_waiting_for_a_bus && !connection_->is_peer() && is_signal(item);
}

void Link::post(Item item) {
  if (leaves_out(item)) ++left_out_;
  else outbox_.push_back(std::move(item));
}

void Link::flush() {
  while (!outbox_.empty() && has_room()) {
    auto item = std::move(outbox_.front());
    outbox_.pop_front();
    send(item);
  }
  if (outbox_.empty() && left_out_ > 0)
    spdlog::warn("the bus did not keep up: {} signals were not sent there", std::exchange(left_out_, 0));
}

void Link::announce(EventId id, const std::string& name, const std::vector<std::string>& env) {
  if (!outbox_.empty() || !has_room()) {
    auto event =
        std::make_shared<const Event>(Event{.id = id, .name = name, .env = env, .emitter = {}, .time = 0, .files = 0});
    post(Emitted{event});
    post(Finished{event, false});
    return;
  }
  auto problem = base::send_if_connected([&] {
    object_->emitEventEmitted(id, name, env);
    object_->emitEventFinished(id, name, env, false);
  });
  if (problem) spdlog::warn("a signal could not be sent: {}", *problem);
}

// A connection that was hung up on is noticed by itself. A handler that cannot be told of an event would block it for
// ever: it has failed to handle it.
void Link::send(const Item& item) {
  auto problem = base::send_if_connected([&] { std::visit([this](const auto& kind) { send_kind(kind); }, item); });
  if (!problem) return;
  spdlog::warn("a message could not be sent: {}", *problem);
  if (const auto* outgoing = std::get_if<Outgoing>(&item))
    if (const auto* deliver = std::get_if<Deliver>(outgoing)) broker_.undeliverable(*deliver);
}

void Link::send_kind(const Outgoing& item) {
  std::visit([this](const auto& kind) { send_kind(kind); }, item);
}

void Link::send_kind(const Deliver& item) {
  auto* to = broker_.endpoint(item.to);
  if (to != nullptr) to->handle(*item.event, broker_.descriptors().of(item.event->id), item.again);
}

void Link::send_kind(const Emitted& item) {
  object_->emitEventEmitted(item.event->id, item.event->name, item.event->env);
}

void Link::send_kind(const Finished& item) {
  object_->emitEventFinished(item.event->id, item.event->name, item.event->env, item.failed);
}

void Link::send_kind(const Answer& item) {
  auto waiting = waiting_.extract(item.waiter);
  if (waiting) waiting.mapped().result.returnResults(item.failed);
}

void Link::send_kind(const Queue::View& item) {
  if (auto* to = broker_.endpoint(item.handler)) object_->tell_interest(to->sender(), item.wanted_by_others);
}

void Link::keep_waiting(WaiterId waiter, EventId id, sdbus::Result<bool> result) {
  waiting_.emplace(waiter, Waiting{id, std::move(result)});
}

} // namespace upstart::broker
