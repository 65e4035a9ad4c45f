// Which sockets all jobs together want. A job's expressions are understood once, when they come; the union over all
// jobs is made whenever one has changed. Two jobs that name one address share its socket and its event.
#pragma once

#include "daemons/bridge/conditions/job-conditions.hpp"
#include "daemons/socket-bridge/conditions/socket-condition.hpp"

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
  protocol::Environment event; // matches the conditions of all of its jobs
  Permissions permissions;
  std::set<std::string> jobs;    // all that name it
  std::set<std::string> holders; // those that it starts, which get it however they are started
  std::string name;              // of the descriptor, for all of them
  friend bool operator==(const WantedSocket&, const WantedSocket&) = default;
};

struct Wanted {
  std::map<SocketAddress, WantedSocket> sockets;
  std::set<bridge::ConditionWarning> warnings;
};

// The union, in the order of job names: where two jobs contradict each other the first one stands.
[[nodiscard]] Wanted union_of(const std::map<std::string, JobSockets>& jobs);

} // namespace upstart::socket_bridge
