// What all jobs together ask for: which sockets, and which of the jobs that hold a socket are active. Takes the updates
// of the supervisor and hands back what follows for the sockets.
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
  struct Change {
    std::vector<std::string> warnings; // that had not been given before
    std::optional<std::map<SocketAddress, WantedSocket>>
        sockets;                      // all that are wanted now; nothing: the same as before
    std::set<SocketAddress> activity; // those of which a holder became active or ceased to be
  };

  // The first update counts as a change of sockets even if it is empty.
  [[nodiscard]] Change take(const bridge::ConditionsUpdate& update);
  [[nodiscard]] bool is_held(const WantedSocket& socket) const;

private:
  std::map<SocketAddress, WantedSocket> make_union(std::vector<std::string>& new_warnings);

  bool known_ = false;
  std::map<std::string, JobSockets> jobs_;
  std::set<std::string> active_; // jobs with active instances
  std::map<std::string, std::vector<SocketAddress>> held_by_;
  std::set<std::string> warnings_; // given, and still so
};

} // namespace upstart::socket_bridge
