// Where the master of a socket (SocketMaster1) is, by the socket's text ("unix:/run/app.sock", as SocketBridge1 has
// it): its object, its name on the bus, and the D-Bus address of its own socket, which lies beside a socket that has a
// file or an abstract name.
#pragma once

#include <string>
#include <string_view>

namespace upstart::protocol {

namespace path {
inline constexpr const char* socket_master = "/com/ubuntu/Upstart/SocketMaster";
} // namespace path

[[nodiscard]] std::string socket_master_bus_name(std::string_view socket);
[[nodiscard]] std::string socket_master_address(std::string_view socket);

} // namespace upstart::protocol
