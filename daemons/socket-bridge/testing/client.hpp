// Plain clients of the sockets that the bridge serves: what psql, nc and the like do.
#pragma once

#include "daemons/base/file-descriptor.hpp"
#include "daemons/socket-bridge/values/socket-address.hpp"

#include <cstdint>
#include <string>

namespace upstart::socket_bridge::testing {

// A connected socket (for a datagram address one that sends there); empty, and errno set, where nobody listens.
[[nodiscard]] base::FileDescriptor connect_to(const SocketAddress& address);
[[nodiscard]] base::FileDescriptor connect_to(const std::string& address);
// Somebody else's listening socket.
[[nodiscard]] base::FileDescriptor listen_on(const std::string& address);
// A port that is free on every address of this family.
[[nodiscard]] std::uint16_t free_port(Family family = Family::inet);
[[nodiscard]] bool has_ipv6();

void send_text(const base::FileDescriptor& to, const std::string& words);
// What is there to read, waiting for it.
[[nodiscard]] std::string receive_text(const base::FileDescriptor& from);
// Accepts the client that waits.
[[nodiscard]] base::FileDescriptor accept_on(int listening);
[[nodiscard]] bool is_blocking(int fd);

} // namespace upstart::socket_bridge::testing
