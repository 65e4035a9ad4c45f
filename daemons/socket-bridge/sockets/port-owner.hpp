// Who has an address that could not be bound, as far as the kernel tells: for the message to whoever wonders, and to
// take a socket back.
#pragma once

#include "daemons/socket-bridge/values/socket-address.hpp"

#include <sys/types.h>

#include <string>
#include <vector>

namespace upstart::socket_bridge {

// "PROGRAM, process PID"; empty where it cannot be told: processes of others are seen by root only. Looks through all
// processes, so only to be asked when something went wrong.
[[nodiscard]] std::string owner_of(const SocketAddress& address);

// The descriptors by which processes have it, as far as the kernel tells, like owner_of.
struct Holder {
  pid_t process = 0;
  uid_t user = 0;
  int descriptor = -1;
};
[[nodiscard]] std::vector<Holder> holders_of(const SocketAddress& address);

} // namespace upstart::socket_bridge
