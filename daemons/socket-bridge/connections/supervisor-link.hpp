// The job supervisor, as the bridge sees it: who names the event `socket`, and who of them is active. Asked anew each
// time the connection has come back.
#pragma once

#include "daemons/socket-bridge/connections/link.hpp"
#include "daemons/socket-bridge/core/socket-table.hpp"

namespace upstart::socket_bridge {

class SupervisorLink {
public:
  struct Events {
    std::function<void(const std::vector<JobReport>&)> conditions_known;
    std::function<void(const std::string& job, const Postfix& start_on, const Postfix& stop_on)> conditions_changed;
    std::function<void(const std::string& job, unsigned active)> activity_changed;
    std::function<void(const std::string&)> bus_address; // never empty
  };

  SupervisorLink(base::EventLoop& loop, const std::string& address, Events events);
  ~SupervisorLink();

private:
  class Proxy;
  void connected(base::BusConnection& connection);

  Events events_;
  std::unique_ptr<Proxy> proxy_;
  Link link_;
};

} // namespace upstart::socket_bridge
