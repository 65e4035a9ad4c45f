// The Unix socket that a D-Bus address means, connecting to it, and who serves it. No D-Bus library is needed for that.
#pragma once

#include "daemons/base/file-descriptor.hpp"

#include <sys/types.h>

#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace upstart::client {

struct SocketName {
  std::string name;
  bool abstract = false;
};

// The socket that one D-Bus address ("unix:path=…", "unix:abstract=…") means; nothing for other transports.
[[nodiscard]] std::optional<SocketName> socket_of(std::string_view address);

// Connects; without SOCK_NONBLOCK among the flags a daemon with a full backlog is waited for. The error is errno.
[[nodiscard]] std::expected<base::FileDescriptor, int> connect_to(const SocketName& socket_name, int flags = 0);

// Anybody can listen where an Upstart is expected. The user who serves this connection, where that is neither root nor
// the user of this process (nor, for root, the user whose session the name means), or -1 where that cannot be known;
// nothing: it may be talked to.
[[nodiscard]] std::optional<uid_t> foreign_server(int descriptor, const SocketName& socket_name);

} // namespace upstart::client
