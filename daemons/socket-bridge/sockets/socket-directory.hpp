// The directory that a socket's file lies in, made again where it was removed. Users may own directories on the way
// there, and put links in place at any moment: none of theirs is followed, and owner and mode are set on what was made.
#pragma once

#include "daemons/socket-bridge/values/socket-address.hpp"

#include <sys/types.h>

#include <expected>
#include <string>

namespace upstart::socket_bridge {

struct DirectoryOwner {
  mode_t mode = 0755;
  uid_t user = 0;
  gid_t group = 0;
};

// Makes the directory of this absolute path with that owner and mode, and those above it that are missing as they
// usually are. Whether it was missing; the error says which one cannot be made, or has not the owner or mode, and why.
// A link is followed only where nobody but root and this user can put one.
[[nodiscard]] std::expected<bool, std::string> make_directory(const std::string& path, const DirectoryOwner& owner);

// The same for all addresses that lead to one place now, through whatever links and directories their paths go. Where a
// directory is missing, and where there is no file, it is the address itself.
[[nodiscard]] SocketAddress place_of(const SocketAddress& address);

} // namespace upstart::socket_bridge
