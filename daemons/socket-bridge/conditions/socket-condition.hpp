// One `socket` match of a job's expression, understood: which socket it wants, and the event that this match will
// match. The event says every variable that the condition says, with the same value, for else it would not match.
#pragma once

#include "daemons/socket-bridge/values/permissions.hpp"
#include "daemons/socket-bridge/values/socket-address.hpp"
#include "protocol/environment.hpp"

#include <expected>
#include <span>
#include <string>

namespace upstart::socket_bridge {

struct SocketCondition {
  SocketAddress address;
  protocol::Environment event; // PROTO, then PORT, ADDR or SOCKET_PATH, PATH, then TYPE, MODE, OWNER, GROUP
  Permissions permissions;
};

struct ConditionFault {
  std::string variable; // as the condition has it
  std::string message;  // what is wrong and what would be right
};

// The arguments that follow the event's name: KEY=VALUE each.
[[nodiscard]] std::expected<SocketCondition, ConditionFault>
understand_condition(std::span<const std::string> arguments);

} // namespace upstart::socket_bridge
