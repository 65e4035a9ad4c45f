// All sockets that jobs want, and what is to be done about them: the decisions of the default mode. Each input returns
// the actions that follow from it, in order; the shell executes them and gives the outcome as the next input. Knows no
// descriptor, no loop and no bus.
//
// Before it is known what the jobs want nothing is watched and nothing closed: the sockets inherited from the bridge
// before wait with the clients in their backlog. Without the broker nothing is watched either.
#pragma once

#include "daemons/socket-bridge/core/demand.hpp"
#include "daemons/socket-bridge/core/served-socket.hpp"

#include <cstdint>
#include <utility>
#include <variant>

namespace upstart::socket_bridge {

using Ticket = std::uint64_t; // one emission

struct OpenSocket {
  SocketAddress address;
  Permissions permissions;
};
struct CloseSocket {
  SocketAddress address;
};
struct SetPermissions {
  SocketAddress address;
  Permissions permissions;
};
// On: report clients. It must cost nothing while off.
struct WatchSocket {
  SocketAddress address;
  bool on = false;
};
struct EmitEvent {
  SocketAddress address; // whose descriptor goes with it
  Ticket ticket = 0;
  protocol::Environment environment;
};
struct Announce {
  SocketAddress address;
  std::string state;
};
struct Warn {
  std::string message;
};
using Action = std::variant<OpenSocket, CloseSocket, SetPermissions, WatchSocket, EmitEvent, Announce, Warn>;
using Actions = std::vector<Action>;

struct SocketReport {
  SocketAddress address;
  std::vector<std::string> jobs;
  std::string state;
};

class SocketTable {
public:
  // Inherited sockets, open already.
  void adopt(const std::vector<SocketAddress>& addresses);

  // From the supervisor.
  Actions jobs_changed(const bridge::ConditionsUpdate& update, Time now);

  // From the sockets.
  Actions opened(const SocketAddress& address);
  Actions could_not_be_opened(const SocketAddress& address, const std::string& reason, Time now);
  Actions client_came(const SocketAddress& address, std::optional<unsigned> waiting, Time now);
  Actions lost(const SocketAddress& address);

  // From the broker. A ticket that is no longer known is of a socket that has been closed.
  Actions broker_ready();
  Actions broker_gone();
  Actions event_finished(Ticket ticket, bool failed, Time now);

  // From the clock.
  // When `time_reached` is wanted.
  [[nodiscard]] std::optional<Time> due() const { return deadlines_.next(); }
  Actions time_reached(Time now);

  [[nodiscard]] std::vector<SocketReport> report() const;

private:
  struct Entry {
    ServedSocket socket;
    WantedSocket wanted;
    std::optional<Ticket> ticket; // of the event that is on its way
    bool watched = false;
    std::string announced;
  };
  using Sockets = std::map<SocketAddress, Entry>;

  void want(std::map<SocketAddress, WantedSocket> wanted, Time now);
  void close_unwanted(const std::map<SocketAddress, WantedSocket>& wanted);
  void take_wanted(const SocketAddress& address, WantedSocket wanted, Time now);
  void forget_ticket(Entry& entry);
  // Brings what the shell does in line with the state that the socket has now.
  void update(Sockets::iterator place);
  void update_all();
  [[nodiscard]] Actions taken() { return std::exchange(actions_, {}); }

  bool known_ = false; // what the jobs want
  bool broker_ready_ = false;
  Demand demand_;
  Sockets sockets_;
  std::map<Ticket, SocketAddress> tickets_;
  Ticket last_ticket_ = 0;
  Deadlines deadlines_;
  Actions actions_; // of the input at hand
};

} // namespace upstart::socket_bridge
