#include "daemons/socket-bridge/sockets/backlog.hpp"

#include "daemons/socket-bridge/sockets/unix-diagnostics.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>

namespace upstart::socket_bridge {

namespace {

int option_of(int fd, int option) {
  int value = -1;
  socklen_t size = sizeof value;
  return ::getsockopt(fd, SOL_SOCKET, option, &value, &size) == 0 ? value : -1;
}

std::optional<unsigned> tcp_clients(int fd) {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) < 0 || info.tcpi_state != TCP_LISTEN) return std::nullopt;
  return info.tcpi_unacked; // for a socket that listens, the length of its queue
}

std::optional<unsigned> unix_clients(int fd) {
  struct stat socket{};
  if (::fstat(fd, &socket) < 0) return std::nullopt;
  auto found = unix_sockets(socket.st_ino);
  return found.empty() ? std::nullopt : std::optional{found.front().waiting};
}

} // namespace

std::optional<unsigned> clients_waiting(int listening) {
  if (option_of(listening, SO_ACCEPTCONN) != 1) return std::nullopt;
  return option_of(listening, SO_DOMAIN) == AF_UNIX ? unix_clients(listening) : tcp_clients(listening);
}

} // namespace upstart::socket_bridge
