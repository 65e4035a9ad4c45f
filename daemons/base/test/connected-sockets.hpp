// For tests: two sockets that are connected, and what is written to one of them as a D-Bus library writes it, with a
// descriptor if one is given.
#pragma once

#include "daemons/base/file-descriptor.hpp"

#include <doctest/doctest.h>

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>

namespace upstart::base {

struct ConnectedSockets {
  ConnectedSockets() {
    std::array<int, 2> ends{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) == 0);
    near = FileDescriptor{ends[0]};
    far = FileDescriptor{ends[1]};
  }
  FileDescriptor near, far;
};

// How many bytes were written; the error is negative. The descriptor stays the caller's.
inline ssize_t send_message(int socket, std::string text, int descriptor = -1) {
  iovec part{.iov_base = text.data(), .iov_len = text.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  if (descriptor >= 0) {
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    auto* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
  }
  auto sent = ::sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  return sent < 0 ? -errno : sent;
}

} // namespace upstart::base
