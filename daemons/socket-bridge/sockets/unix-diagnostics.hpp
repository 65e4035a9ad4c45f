// What the kernel tells of Unix sockets, those of other programs too, without a connection that these would see.
#pragma once

#include "daemons/socket-bridge/values/socket-address.hpp"

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace upstart::socket_bridge {

struct UnixSocket {
  struct File {
    std::uint32_t inode = 0;
    std::uint32_t device = 0; // as the kernel counts
  };
  ino_t inode = 0;
  std::string name;        // as it was bound: a path, or an abstract name behind a zero byte; empty: none
  File file;               // that it is bound to, however the path was spelt
  bool takes_more = false; // clients or datagrams: it listens, or is one for datagrams, and was not shut down
  unsigned waiting = 0;    // clients, where it listens
};

// All of this network namespace, or the one with this inode. None where the kernel has no socket diagnostics.
[[nodiscard]] std::vector<UnixSocket> unix_sockets(std::optional<ino_t> only = {});

// Those at this address, in whatever spelling: bound to the file that is there now, or to the abstract name.
[[nodiscard]] std::vector<UnixSocket> unix_sockets_at(const SocketAddress& address);

} // namespace upstart::socket_bridge
