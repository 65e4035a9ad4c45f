#include "daemons/bridge/public-object.hpp"

#include "protocol/names.hpp"

#include <spdlog/spdlog.h>

namespace upstart::bridge {

using NameOutcome = base::ReconnectingConnection::NameOutcome;

PublicObject::PublicObject(base::EventLoop& loop, base::FileDescriptor listening, const std::string& daemon)
    : bus_name_{protocol::daemon_bus_name(daemon)},
      path_{protocol::daemon_object_path(daemon)},
      bus_{loop,
           {.kind = base::ReconnectingConnection::Kind::bus, .other_end = "bus", .name = bus_name_, .name_queue = true},
           {.connected = [this](auto& bus) { on_bus_ = objects_on(bus.sdbus()); },
            .lost = [this] { on_bus_.clear(); },
            .name_answered = [this](auto outcome, const auto& why) { name_answered(outcome, why); }}},
      server_{loop,
              std::move(listening),
              [this](auto client) { add_client(std::move(client)); },
              {},
              [](const std::string& problem) { spdlog::warn("{}", problem); }} {}

// Objects go before the connections that they are on.
PublicObject::~PublicObject() {
  for (auto& client : clients_) client.objects.clear();
}

PublicObject::Objects PublicObject::objects_on(sdbus::IConnection& connection) const {
  Objects objects;
  for (const auto& make : makes_) objects.push_back(make(connection, path_));
  return objects;
}

void PublicObject::add_client(std::unique_ptr<base::BusConnection> connection) {
  auto client = clients_.emplace(clients_.end());
  client->connection = std::move(connection);
  client->objects = objects_on(client->connection->sdbus());
  client->connection->on_disconnected([this, client] {
    client->objects.clear();
    clients_.erase(client);
  });
}

void PublicObject::name_answered(NameOutcome outcome, const std::string& why) const {
  if (outcome == NameOutcome::refused)
    spdlog::warn("the bus refuses the name {}: {}; clients of the bus do not find this bridge", bus_name_, why);
  if (outcome == NameOutcome::queued || outcome == NameOutcome::taken)
    spdlog::info("another process has the name {} on the bus; it is taken when that leaves", bus_name_);
}

void PublicObject::not_sent(const std::string& why) { spdlog::debug("a signal could not be sent: {}", why); }

} // namespace upstart::bridge
