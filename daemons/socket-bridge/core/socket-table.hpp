// All sockets that jobs want, and what is to be done about them: the decisions of the default mode. Each input
// returns the actions that follow from it, in order; the shell carries them out and tells what came of them. Knows no
// descriptor, no loop and no bus.
//
// Before the supervisor has told the conditions for the first time nothing is watched and nothing closed: the sockets
// inherited from the bridge before wait with the clients in their backlog. Without the broker nothing is watched
// either.
#pragma once

#include "daemons/socket-bridge/conditions/wanted-sockets.hpp"
#include "daemons/socket-bridge/core/served-socket.hpp"

#include <cstdint>
#include <utility>
#include <variant>

namespace upstart::socket_bridge {

using Ticket = std::uint64_t;  // one emission
using EventId = std::uint64_t; // the broker's

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
// On: tell of a client. It must cost nothing while off.
struct WatchSocket {
  SocketAddress address;
  bool on = false;
};
struct EmitEvent {
  SocketAddress address; // whose descriptor goes with it
  Ticket ticket = 0;
  protocol::Environment env;
};
struct AwaitEvent {
  Ticket ticket = 0;
  EventId id = 0;
};
struct Announce {
  SocketAddress address;
  std::string state;
};
struct Warn {
  std::string message;
};
using Action =
    std::variant<OpenSocket, CloseSocket, SetPermissions, WatchSocket, EmitEvent, AwaitEvent, Announce, Warn>;
using Actions = std::vector<Action>;

struct JobReport {
  std::string job;
  Postfix start_on;
  Postfix stop_on;
  unsigned active = 0;
};

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
  Actions conditions_known(const std::vector<JobReport>& jobs, Time now);
  // Noted; takes effect with `conditions_settled`, so that a burst of changes is one.
  void conditions_changed(const std::string& job, const Postfix& start_on, const Postfix& stop_on);
  Actions conditions_settled(Time now);
  Actions activity_changed(const std::string& job, unsigned active, Time now);

  // From the sockets.
  Actions opened(const SocketAddress& address);
  Actions could_not_be_opened(const SocketAddress& address, const std::string& reason, Time now);
  Actions client_came(const SocketAddress& address, std::optional<unsigned> waiting, Time now);
  Actions lost(const SocketAddress& address);

  // From the broker. A ticket that is no longer known is of a socket that has been closed.
  Actions broker_ready();
  Actions broker_gone(Time now);
  Actions event_accepted(Ticket ticket, EventId id);
  Actions event_finished(Ticket ticket, bool failed, Time now);

  // From the clock.
  [[nodiscard]] std::optional<Time> due() const;
  Actions time_reached(Time now);

  [[nodiscard]] std::vector<SocketReport> report() const;
  // True once the supervisor has told the conditions.
  [[nodiscard]] bool knows_conditions() const { return known_; }

private:
  struct Entry {
    ServedSocket socket;
    WantedSocket wanted;
    std::optional<Ticket> ticket;
    std::optional<EventId> event;
    bool watched = false;
    std::string announced;
    std::optional<Time> due; // as it stands in due_
  };
  using Sockets = std::map<SocketAddress, Entry>;

  void want(Wanted wanted, Time now);
  void close_unwanted(const std::map<SocketAddress, WantedSocket>& wanted);
  void take_wanted(const SocketAddress& address, WantedSocket wanted, Time now);
  void index_holders();
  void warn_of_new(std::set<std::string> warnings);
  void refresh_activity(Entry& entry, Time now);
  void finish(Sockets::iterator place, bool failed, Time now);
  void forget_ticket(Entry& entry);
  void settle(Sockets::iterator place);
  void settle_all();
  void set_due(const SocketAddress& address, Entry& entry, std::optional<Time> due);
  [[nodiscard]] Actions taken() { return std::exchange(actions_, {}); }

  bool known_ = false;
  bool broker_ready_ = false;
  std::map<std::string, JobSockets> jobs_;
  std::map<std::string, unsigned> active_; // of jobs with active instances only
  std::map<std::string, std::vector<SocketAddress>> held_by_;
  std::set<std::string> warnings_;
  Sockets sockets_;
  std::map<Ticket, SocketAddress> tickets_;
  Ticket last_ticket_ = 0;
  std::set<std::pair<Time, SocketAddress>> due_;
  Actions actions_;
};

} // namespace upstart::socket_bridge
