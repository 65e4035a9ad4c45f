// A listening socket whose maker was killed, and that others still hold and listen on.
#pragma once

#include "daemons/socket-bridge/sockets/listening-socket.hpp"

#include <expected>
#include <optional>
#include <string>

namespace upstart::socket_bridge {

// Takes back the socket that is alive at this path, where it was made for a master that has died without removing its
// `control` socket file: nobody listens on that, it is not older than the socket, and the process that had the socket
// listen is no more. The copy comes from a process of root or this user that holds the socket. Nothing: it is not such
// a socket. The error says who holds one that cannot be taken, and what to do.
[[nodiscard]] std::expected<std::optional<ListeningSocket>, std::string> take_back(const SocketAddress& address,
                                                                                   const SocketAddress& control);

} // namespace upstart::socket_bridge
