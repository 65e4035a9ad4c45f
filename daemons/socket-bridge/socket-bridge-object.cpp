#include "daemons/socket-bridge/socket-bridge-object.hpp"

#include "protocol/text.hpp"

namespace upstart::socket_bridge {

SocketBridgeObject::SocketBridgeObject(sdbus::IConnection& connection, const sdbus::ObjectPath& path, Report report)
    : AdaptorInterfaces(connection, path), report_{std::move(report)} {
  registerAdaptor();
}

std::vector<sdbus::Struct<std::string, std::vector<std::string>, std::string>> SocketBridgeObject::ListSockets() {
  std::vector<sdbus::Struct<std::string, std::vector<std::string>, std::string>> sockets;
  for (const auto& socket : report_())
    sockets.emplace_back(protocol::readable(text_of(socket.address)), protocol::readable(socket.jobs),
                         protocol::readable(socket.state));
  return sockets;
}

} // namespace upstart::socket_bridge
