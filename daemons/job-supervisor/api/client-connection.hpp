// One client connection (a peer, or the bus) and the public objects on it. Checks who may call what, and that there is
// such a member, before any object sees the call.
#pragma once

#include "daemons/job-supervisor/api/interface-description.hpp"
#include "daemons/job-supervisor/api/method-call.hpp"
#include "daemons/job-supervisor/api/object-table.hpp"
#include "daemons/job-supervisor/api/signals/listener.hpp"

#include <deque>

namespace upstart::supervisor {

class ClientConnection {
public:
  // All of them outlive this.
  ClientConnection(base::BusConnection& connection, Jobs& jobs, DaemonControl& control);
  ClientConnection(const ClientConnection&) = delete;
  ClientConnection& operator=(const ClientConnection&) = delete;

  // Where signals are sent.
  [[nodiscard]] Listener& listener() { return listener_; }
  // Nothing holds starts any more: those that came, and what came after them, are handled from the loop.
  void take_held_calls();

private:
  using Message = std::unique_ptr<sd_bus_message, sd_bus_message* (*)(sd_bus_message*)>;
  using Slot = std::unique_ptr<sd_bus_slot, sd_bus_slot* (*)(sd_bus_slot*)>;

  void add_filter();
  void add_enumerator();
  int filter(sd_bus_message* message);
  void settle_for(const MethodCall& call);
  [[nodiscard]] bool hold(const MethodCall& call);
  [[nodiscard]] bool may(const MethodCall& call, const base::Caller& caller); // what is not for everyone
  int outside(const MethodCall& call);
  int check_set(const MethodCall& call, const InterfaceDescription& description);
  int introspect(const MethodCall& call, const InterfaceDescription* description);

  Client client_;
  ObjectTable objects_{client_};
  ManagerObject manager_{client_};
  SupervisorObject supervisor_{client_};
  Listener listener_;
  std::vector<Slot> slots_;
  std::deque<Message> held_;
};

} // namespace upstart::supervisor
