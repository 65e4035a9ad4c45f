// All sockets that jobs want, and what is to be done about them: the decisions of the default mode. Each input returns
// the actions that follow from it, in order; the shell executes them and gives the outcome as the next input. Knows no
// descriptor, no loop and no bus. More than twenty methods: one for each input.
//
// A socket is offered to each job that it starts as soon as it is open, and watched when the supervisor has answered:
// then it is known whether an instance has it. Which instance has which socket is the supervisor's to say.
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
// All that a job is to get, in this order.
struct OfferToJob {
  struct Socket {
    SocketAddress address;
    std::string name;
    protocol::Environment event;
  };
  std::string job;
  std::vector<Socket> sockets;
};
// Its file may be gone: `lost` if clients do not reach it. One that a job has is lost only if nothing is at its path:
// the job may have put a socket of its own there.
struct CheckSocket {
  SocketAddress address;
  bool is_held = false;
};
struct Announce {
  SocketAddress address;
  std::string state;
};
struct Warn {
  bridge::ConditionWarning warning;
};
using Action = std::variant<OpenSocket, CloseSocket, SetPermissions, WatchSocket, EmitEvent, OfferToJob, CheckSocket,
                            Announce, Warn>;
using Actions = std::vector<Action>;

struct SocketReport {
  SocketAddress address;
  std::vector<std::string> jobs;
  std::string state;
  std::vector<std::string> holders; // jobs that it starts
  std::vector<std::string> held_by; // those of which an instance has it
  std::optional<Time> since;        // when it was opened, or could first not be
};

class SocketTable {
public:
  explicit SocketTable(PlaceOf place_of = std::identity{}) : demand_{std::move(place_of)} {}

  // Inherited sockets, open already.
  void adopt(const std::vector<SocketAddress>& addresses, Time now);

  // From the supervisor.
  Actions jobs_changed(const bridge::ConditionsUpdate& update, Time now);
  // It has taken what is offered to the job, and these of them an instance has. Or one of them is taken or let go.
  Actions offers_answered(const std::string& job, const std::set<SocketAddress>& held, Time now);
  Actions socket_held(const std::string& job, const SocketAddress& address, bool held, Time now);

  // From the sockets.
  Actions opened(const SocketAddress& address, Time now);
  Actions could_not_be_opened(const SocketAddress& address, const std::string& reason, Time now);
  Actions client_came(const SocketAddress& address, std::optional<unsigned> waiting, Time now);
  Actions lost(const SocketAddress& address);
  Actions file_gone(const SocketAddress& address, Time now);

  // From the broker. A ticket that is no longer known is of a socket that has been closed.
  Actions broker_ready();
  Actions broker_gone();
  Actions event_finished(Ticket ticket, bool failed, Time now);

  // From the clock.
  // When `time_reached` is wanted.
  [[nodiscard]] std::optional<Time> due() const { return deadlines_.next(); }
  Actions time_reached(Time now);

  // When all other actions are done: what is to be offered anew.
  [[nodiscard]] Actions offers();

  [[nodiscard]] std::vector<SocketReport> report() const;

  // A job that has a socket may be about to put another one at its path.
  static constexpr Time patience{1000};

private:
  struct Entry {
    ServedSocket socket;
    WantedSocket wanted;
    std::set<Ticket> tickets;         // of the events that are on their way: one for each spelling of the address
    bool one_has_failed = false;      // of these events
    std::set<std::string> held_by;    // jobs of which an instance has it
    std::set<std::string> unanswered; // jobs that it is offered to, before the supervisor has said who has it
    std::optional<Time> since;
    std::optional<Time> check_at; // its file was gone then
    bool watched = false;
    std::string announced;
  };
  using Sockets = std::map<SocketAddress, Entry>;

  void want(std::map<SocketAddress, WantedSocket> wanted, Time now);
  void close_unwanted(const std::map<SocketAddress, WantedSocket>& wanted);
  void take_wanted(const SocketAddress& address, WantedSocket wanted, Time now);
  void emit_events(const SocketAddress& address, Entry& entry);
  void forget_tickets(Entry& entry);
  // Those that the wanted socket starts get it: it is new to them.
  void offer_to_all(Entry& entry);
  void note_holders(Entry& entry, const WantedSocket& before);
  void set_held(Sockets::iterator place, const std::string& job, bool held, Time now);
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
  std::set<std::string> to_be_offered_; // jobs
  std::set<std::string> offered_;       // jobs to which something is offered
  Deadlines deadlines_;
  Actions actions_; // of the input at hand
};

} // namespace upstart::socket_bridge
