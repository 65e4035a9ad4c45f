#include "daemons/socket-bridge/sharing/relay.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace upstart::socket_bridge {

namespace {

using Buffer = std::array<char, 65536>;

// What is there to read; 0 at the end, and where it cannot be read.
std::size_t read_some(int fd, Buffer& buffer) {
  ssize_t size = 0;
  do size = ::read(fd, buffer.data(), buffer.size());
  while (size < 0 && errno == EINTR);
  return size > 0 ? static_cast<std::size_t>(size) : 0;
}

bool write_all(int fd, const char* bytes, std::size_t size) {
  while (size > 0) {
    auto written = ::write(fd, bytes, size);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    bytes += written;
    size -= static_cast<std::size_t>(written);
  }
  return true;
}

} // namespace

bool relay(int connection) {
  Buffer buffer;
  bool input = true;
  for (;;) {
    std::array<pollfd, 2> fds{pollfd{.fd = connection, .events = POLLIN, .revents = 0},
                              pollfd{.fd = input ? STDIN_FILENO : -1, .events = POLLIN, .revents = 0}};
    if (::poll(fds.data(), fds.size(), -1) < 0 && errno != EINTR) return false;
    if (fds[0].revents != 0) {
      auto size = read_some(connection, buffer);
      if (size == 0) return true;
      if (!write_all(STDOUT_FILENO, buffer.data(), size)) return false;
    }
    if (fds[1].revents != 0) {
      auto size = read_some(STDIN_FILENO, buffer);
      input = size > 0 && write_all(connection, buffer.data(), size);
      if (!input) ::shutdown(connection, SHUT_WR);
    }
  }
}

} // namespace upstart::socket_bridge
