// Which sockets all jobs together want. A job's expressions are understood once, when they come; the union over all
// jobs is made whenever one has changed. Two jobs that name one address share its socket, and its event where they
// spell the address alike: an event says one spelling only.
#pragma once

#include "daemons/bridge/conditions/job-conditions.hpp"
#include "daemons/socket-bridge/conditions/socket-condition.hpp"

#include <functional>
#include <map>
#include <set>
#include <vector>

namespace upstart::socket_bridge {

// What one job wants.
struct JobSockets {
  struct Use {
    SocketCondition condition;
    bridge::Match match; // where it starts, the job gets the socket
  };
  std::vector<Use> uses;
  std::vector<bridge::ConditionWarning> warnings; // of matches that name no socket
};

[[nodiscard]] JobSockets sockets_of_job(const bridge::JobConditions& conditions);

struct WantedSocket {
  struct Spelling {
    protocol::Environment event; // matches the conditions of all of these jobs
    std::set<std::string> jobs;
    friend bool operator==(const Spelling&, const Spelling&) = default;
  };
  std::vector<Spelling> spellings; // at least one
  Permissions permissions;
  std::set<std::string> jobs;    // all that name it
  std::set<std::string> holders; // those that it starts, which get it however they are started
  std::string name;              // of the descriptor, for all of them
  // Empty: it does not name this socket.
  [[nodiscard]] protocol::Environment event_for(const std::string& job) const;
  friend bool operator==(const WantedSocket&, const WantedSocket&) = default;
};

struct Wanted {
  std::map<SocketAddress, WantedSocket> sockets;
  std::set<bridge::ConditionWarning> warnings;
  std::map<SocketAddress, SocketAddress> served_at; // each address that a job names → the one of its socket
};

// The same for two addresses that lead to one place, such as two paths through different links.
using PlaceOf = std::function<SocketAddress(const SocketAddress&)>;

// The union, in the order of job names: where two jobs contradict each other the first one stands. A socket has the
// address by which it is `open` already, if a job names that, else the first.
[[nodiscard]] Wanted union_of(const std::map<std::string, JobSockets>& jobs, const PlaceOf& place_of = std::identity{},
                              const std::set<SocketAddress>& open = {});

} // namespace upstart::socket_bridge
