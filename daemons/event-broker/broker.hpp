// The broker as a whole: the event service, and the connections that it is served on, those of peers and the buses.
#pragma once

#include "daemons/base/reconnecting-connection.hpp"
#include "daemons/event-broker/event-service.hpp"

#include <list>

namespace upstart::broker {

class Broker final : public BusRequests {
public:
  Broker(base::EventLoop& loop, EventStore::Recovered recovered, Permissions permissions, Settings settings = {});

  // Descriptors that the service manager kept for an earlier process.
  void take_back(std::multimap<std::string, base::FileDescriptor> inherited) {
    events_.take_back(std::move(inherited));
  }
  // Serves this peer until it hangs up.
  void serve(std::unique_ptr<base::BusConnection> peer);
  std::expected<void, Fault> join_bus(const std::string& address) override;
  // Tries at once every bus that is not joined.
  void retry_buses();
  // Writes and sends what is waiting, for a short while.
  void finish_up() { events_.finish_up(); }

private:
  struct Bus {
    Bus(base::EventLoop& loop, Broker& broker);
    base::ReconnectingConnection connection;
    Session* session = nullptr; // while connected
  };

  void close_peer(Session& session);
  void close_bus(Bus& bus);
  void hang_up(Session& session);

  base::EventLoop& loop_;
  std::unordered_map<const Session*, std::unique_ptr<base::BusConnection>> peers_;
  std::list<Bus> buses_;
  EventService events_; // its sessions go before the connections
};

} // namespace upstart::broker
