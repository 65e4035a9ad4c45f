// The event broker, as the bridge sees it: takes an event with a descriptor, says which id it got, and later that it
// has finished. What was asked before the connection went is never answered; the table asks again.
#pragma once

#include "daemons/socket-bridge/connections/link.hpp"
#include "daemons/socket-bridge/core/socket-table.hpp"

namespace upstart::socket_bridge {

class BrokerLink {
public:
  struct Events {
    std::function<void()> ready;
    std::function<void()> gone;
    std::function<void(Ticket, EventId)> accepted;
    std::function<void(Ticket, bool failed)> finished;
  };

  BrokerLink(base::EventLoop& loop, const std::string& address, Events events);
  ~BrokerLink();

  // One of `accepted`, `finished` (failed: it was refused) and `gone` follows.
  void emit(Ticket ticket, const protocol::Environment& env, int fd);
  // One of `finished` (failed: it could not be asked) and `gone` follows.
  void await(Ticket ticket, EventId id);

private:
  class Proxy;
  void connected(base::BusConnection& connection);

  Events events_;
  std::unique_ptr<Proxy> proxy_;
  Link link_;
};

} // namespace upstart::socket_bridge
