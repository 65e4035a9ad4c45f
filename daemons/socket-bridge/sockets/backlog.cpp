#include "daemons/socket-bridge/sockets/backlog.hpp"

#include "daemons/base/file-descriptor.hpp"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <array>
#include <cstring>

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

struct Question {
  nlmsghdr header;
  unix_diag_req request;
};

std::optional<unsigned> queue_length_in(const char* message, std::size_t size) {
  nlmsghdr header{};
  if (size < NLMSG_LENGTH(sizeof(unix_diag_msg))) return std::nullopt;
  std::memcpy(&header, message, sizeof header);
  if (header.nlmsg_type != SOCK_DIAG_BY_FAMILY || header.nlmsg_len > size) return std::nullopt;
  for (std::size_t at = NLMSG_LENGTH(sizeof(unix_diag_msg)); at + sizeof(rtattr) <= header.nlmsg_len;) {
    rtattr attribute{};
    std::memcpy(&attribute, message + at, sizeof attribute);
    if (attribute.rta_len < sizeof attribute) return std::nullopt;
    if (attribute.rta_type == UNIX_DIAG_RQLEN && at + RTA_LENGTH(sizeof(unix_diag_rqlen)) <= header.nlmsg_len) {
      unix_diag_rqlen lengths{};
      std::memcpy(&lengths, message + at + RTA_LENGTH(0), sizeof lengths);
      return lengths.udiag_rqueue;
    }
    at += RTA_ALIGN(attribute.rta_len);
  }
  return std::nullopt;
}

// The kernel answers from within the call: nothing is waited for.
std::optional<unsigned> unix_clients(int fd) {
  struct stat socket{};
  base::FileDescriptor kernel{::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_SOCK_DIAG)};
  if (!kernel || ::fstat(fd, &socket) < 0) return std::nullopt;
  Question question{};
  question.header = {.nlmsg_len = sizeof question,
                     .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                     .nlmsg_flags = NLM_F_REQUEST,
                     .nlmsg_seq = 0,
                     .nlmsg_pid = 0};
  question.request.sdiag_family = AF_UNIX;
  question.request.udiag_states = ~0U;
  question.request.udiag_ino = static_cast<__u32>(socket.st_ino);
  question.request.udiag_show = UDIAG_SHOW_RQLEN;
  question.request.udiag_cookie[0] = question.request.udiag_cookie[1] = ~0U; // any
  std::array<char, 1024> answer{};
  if (::send(kernel.get(), &question, sizeof question, 0) < 0) return std::nullopt;
  auto size = ::recv(kernel.get(), answer.data(), answer.size(), 0);
  return size > 0 ? queue_length_in(answer.data(), static_cast<std::size_t>(size)) : std::nullopt;
}

} // namespace

std::optional<unsigned> clients_waiting(int listening) {
  if (option_of(listening, SO_ACCEPTCONN) != 1) return std::nullopt;
  return option_of(listening, SO_DOMAIN) == AF_UNIX ? unix_clients(listening) : tcp_clients(listening);
}

} // namespace upstart::socket_bridge
