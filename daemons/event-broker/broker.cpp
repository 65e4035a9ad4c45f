#include "daemons/event-broker/broker.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace upstart::broker {

namespace {

// Buses may be there long after the broker.
constexpr base::PauseRange pauses{std::chrono::milliseconds{100}, std::chrono::milliseconds{30'000}};
constexpr const char* bus_name = protocol::bus_name::event_broker;

void tell_of_name(const std::string& address, base::ReconnectingConnection::NameOutcome outcome,
                  const std::string& why) {
  using enum base::ReconnectingConnection::NameOutcome;
  if (outcome == owned) spdlog::info("joined the bus at {}", address);
  else if (outcome == queued)
    spdlog::warn("the name {} on the bus at {} belongs to another process; the event broker takes it when that leaves",
                 bus_name, address);
  else spdlog::warn("the bus at {} refuses the name {}: {}", address, bus_name, why);
}

} // namespace

Broker::Broker(base::EventLoop& loop, EventStore::Recovered recovered, Permissions permissions, Settings settings)
    : loop_{loop},
      events_{loop, std::move(recovered), settings, permissions, [this](Session& session) { hang_up(session); }} {}

void Broker::serve(std::unique_ptr<base::BusConnection> peer) {
  auto& session = events_.open(*peer, *this);
  peer->on_disconnected([this, &session] { close_peer(session); });
  peers_.emplace(&session, std::move(peer));
}

void Broker::close_peer(Session& session) {
  auto peer = peers_.extract(&session);
  events_.close(session);
}

std::expected<void, Fault> Broker::join_bus(const std::string& address) {
  if (address.empty()) return invalid("Address may not be empty string");
  auto has_address = [&](const Bus& bus) { return bus.connection.address() == address; };
  if (std::ranges::any_of(buses_, has_address)) return {};
  buses_.emplace_back(loop_, *this).connection.connect_to(address);
  return {};
}

void Broker::retry_buses() {
  for (auto& bus : buses_) bus.connection.connect_now();
}

void Broker::close_bus(Bus& bus) {
  if (auto* session = std::exchange(bus.session, nullptr)) events_.close(*session);
}

void Broker::hang_up(Session& session) {
  if (peers_.contains(&session)) return close_peer(session);
  auto bus = std::ranges::find(buses_, &session, &Bus::session);
  auto address = bus->connection.address();
  close_bus(*bus);
  bus->connection.disconnect();
  bus->connection.connect_to(address);
}

// Bus

Broker::Bus::Bus(base::EventLoop& loop, Broker& broker)
    : connection{loop,
                 {.kind = base::ReconnectingConnection::Kind::bus,
                  .other_end = "bus",
                  .pauses = pauses,
                  .name = bus_name,
                  .name_queue = true,
                  .watch_path = true},
                 {.connected = [this, &broker](auto& now) { session = &broker.events_.open(now, broker); },
                  .lost =
                      [this, &broker] {
                        spdlog::warn("the bus at {} has gone; the event broker joins it again when it is back",
                                     connection.address());
                        broker.close_bus(*this);
                      },
                  .name_answered = [this](auto outcome,
                                          const auto& why) { tell_of_name(connection.address(), outcome, why); }}} {}

} // namespace upstart::broker
