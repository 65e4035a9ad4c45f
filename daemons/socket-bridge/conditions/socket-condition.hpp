// One `socket` match of a job's expression, understood: which socket it wants, and the event that this match will
// match. The event says every variable that the condition says, with the same value, for else it would not match.
#pragma once

#include "daemons/bridge/conditions/job-conditions.hpp"
#include "daemons/socket-bridge/values/permissions.hpp"
#include "daemons/socket-bridge/values/socket-address.hpp"
#include "protocol/environment.hpp"

#include <expected>
#include <span>
#include <string>

namespace upstart::socket_bridge {

inline constexpr const char* event_name = "socket";

struct SocketCondition {
  SocketAddress address;
  protocol::Environment event; // PROTO, then PORT, ADDR or SOCKET_PATH, PATH, then TYPE, MODE, OWNER, GROUP, FDNAME
  Permissions permissions;
  std::string name; // of the descriptor in LISTEN_FDNAMES: FDNAME, else the port, the file's name or the abstract name
};

// Whether the match is of the connections that a master of a socket accepts (CONNECTION=…), and names no socket that
// the default mode would have to serve.
[[nodiscard]] bool is_of_master(std::span<const std::string> arguments);

// The arguments that follow the event's name: KEY=VALUE each.
[[nodiscard]] std::expected<SocketCondition, bridge::ConditionFault>
parse_condition(std::span<const std::string> arguments);

} // namespace upstart::socket_bridge
