// The bridge's own D-Bus object, SocketBridge1: on the bridge's own socket for each client that connects, and on the
// bus when there is one. Read-only, for everyone.
#pragma once

#include "daemons/base/peer.hpp"
#include "daemons/socket-bridge/connections/link.hpp"
#include "daemons/socket-bridge/core/socket-table.hpp"

#include <list>

namespace upstart::socket_bridge {

class PublicObject {
public:
  using Report = std::function<std::vector<SocketReport>()>;

  PublicObject(base::EventLoop& loop, base::FileDescriptor listening, Report report);
  ~PublicObject();

  void join_bus(const std::string& address);
  [[nodiscard]] bool has_bus() const { return bus_.has_address(); }
  // Connects to the bus now, if it is not connected.
  void rejoin_bus() { bus_.hurry(); }
  // Sends SocketChanged to everyone.
  void announce(const std::string& address, const std::string& state);

private:
  class Adaptor;
  struct Client {
    std::unique_ptr<base::BusConnection> connection;
    std::unique_ptr<Adaptor> adaptor;
  };

  void serve(std::unique_ptr<base::BusConnection> connection);
  void joined(base::BusConnection& bus);

  Report report_;
  std::list<Client> clients_;
  std::unique_ptr<Adaptor> on_bus_;
  base::PeerServer server_;
  Link bus_;
};

} // namespace upstart::socket_bridge
