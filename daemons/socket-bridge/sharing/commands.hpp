// The programs that a slave becomes, or runs for its connections.
#pragma once

#include "daemons/base/file-descriptor.hpp"

#include <sys/types.h>

#include <string>
#include <vector>

namespace upstart::socket_bridge {

// This process becomes the command, with the listening descriptor as number 3 by the conventions of LISTEN_FDS and
// UPSTART_FDS. Returns only where it cannot: the exit status, after a message.
[[nodiscard]] int become(const std::vector<std::string>& command, base::FileDescriptor listening,
                         const std::string& name);

// Starts the command with the connection as its standard input and output, and without what those conventions say of
// this process. -1, after a message: it could not be started. A program that cannot be executed ends with status 127.
[[nodiscard]] pid_t run_for(const std::vector<std::string>& command, int connection);

// Accepts from a descriptor that others accept from too, and runs the command for each connection, up to so many at a
// time (0: any number). Ends with the process.
[[nodiscard]] int serve_each(const std::vector<std::string>& command, int listening, std::size_t most);

} // namespace upstart::socket_bridge
