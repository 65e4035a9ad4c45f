// The environment of the event that a line of a client makes. Pure.
#pragma once

#include "protocol/environment.hpp"

#include <expected>
#include <string>
#include <string_view>

namespace upstart::local_bridge {

// Who wrote it, and where.
struct Origin {
  std::string path; // as --path has it: a path, or @ and a name
  unsigned uid = 0;
  unsigned gid = 0;
  int pid = 0;
};

// SOCKET_TYPE SOCKET_VARIANT CLIENT_UID CLIENT_GID CLIENT_PID SOCKET_PATH, then what the line says. The error says what
// is wrong with the line.
[[nodiscard]] std::expected<protocol::Environment, std::string> environment_of(std::string_view line,
                                                                               const Origin& origin);

} // namespace upstart::local_bridge
