#include "protocol/socket-master-names.hpp"

#include "protocol/names.hpp"

namespace upstart::protocol {

std::string socket_master_bus_name(std::string_view socket) {
  return "com.ubuntu.Upstart.SocketMaster.m" + path_element(socket);
}

std::string socket_master_address(std::string_view socket) {
  constexpr std::string_view file = "unix:", abstract = "abstract:";
  if (socket.starts_with(file)) return "unix:path=" + std::string{socket.substr(file.size())} + ".master";
  if (socket.starts_with(abstract)) return "unix:abstract=" + std::string{socket.substr(abstract.size())} + ".master";
  return "unix:abstract=/com/ubuntu/upstart/socket-master/" + path_element(socket);
}

} // namespace upstart::protocol
