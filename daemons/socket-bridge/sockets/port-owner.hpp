// Who has an address that could not be bound, as far as the kernel tells: for the message to whoever wonders.
#pragma once

#include "daemons/socket-bridge/values/socket-address.hpp"

#include <string>

namespace upstart::socket_bridge {

// "PROGRAM, process PID"; empty where it cannot be told: processes of others are seen by root only. Looks through all
// processes, so only to be asked when something went wrong.
[[nodiscard]] std::string owner_of(const SocketAddress& address);

} // namespace upstart::socket_bridge
