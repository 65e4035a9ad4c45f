// What all jobs together ask for: which sockets, and in which order each job gets its own. Takes the updates of the
// supervisor and hands back what follows for the sockets.
#pragma once

#include "daemons/socket-bridge/conditions/wanted-sockets.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace upstart::socket_bridge {

class Demand {
public:
  explicit Demand(PlaceOf place_of = std::identity{}) : place_of_{std::move(place_of)} {}

  struct Change {
    std::vector<bridge::ConditionWarning> warnings; // that had not been given before
    std::optional<std::map<SocketAddress, WantedSocket>>
        sockets; // all that are wanted now; nothing: the same as before
  };

  // The first update counts as a change of sockets even if it is empty. Of a socket's addresses the one by which it is
  // `open` stays.
  [[nodiscard]] Change take(const bridge::ConditionsUpdate& update, const std::set<SocketAddress>& open = {});
  // Those that start the job, in the order of its file, each once.
  [[nodiscard]] std::vector<SocketAddress> sockets_of(const std::string& job) const;

private:
  std::map<SocketAddress, WantedSocket> make_union(std::vector<bridge::ConditionWarning>& new_warnings,
                                                   const std::set<SocketAddress>& open);

  PlaceOf place_of_;
  bool known_ = false;
  std::map<std::string, JobSockets> jobs_;
  std::map<SocketAddress, SocketAddress> served_at_; // each address that a job names → the one of its socket
  std::set<bridge::ConditionWarning> warnings_;      // given, and still so
};

} // namespace upstart::socket_bridge
