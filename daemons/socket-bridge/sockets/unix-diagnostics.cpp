#include "daemons/socket-bridge/sockets/unix-diagnostics.hpp"

#include "daemons/base/file-descriptor.hpp"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <span>

namespace upstart::socket_bridge {

namespace {

using Bytes = std::span<const char>;

struct Question {
  nlmsghdr header;
  unix_diag_req request;
};

template <typename Value> Value value_in(Bytes bytes) {
  Value value{};
  std::memcpy(&value, bytes.data(), std::min(sizeof value, bytes.size()));
  return value;
}

bool ask(const base::FileDescriptor& kernel, std::optional<ino_t> only) {
  Question question{};
  question.header = {.nlmsg_len = sizeof question,
                     .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                     .nlmsg_flags = static_cast<__u16>(only ? NLM_F_REQUEST : NLM_F_REQUEST | NLM_F_DUMP),
                     .nlmsg_seq = 0,
                     .nlmsg_pid = 0};
  question.request.sdiag_family = AF_UNIX;
  question.request.udiag_states = ~0U;
  question.request.udiag_ino = static_cast<__u32>(only.value_or(0));
  question.request.udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_VFS | UDIAG_SHOW_RQLEN;
  question.request.udiag_cookie[0] = question.request.udiag_cookie[1] = ~0U; // any
  return ::send(kernel.get(), &question, sizeof question, 0) >= 0;
}

void take_attribute(unsigned type, Bytes value, UnixSocket& socket) {
  if (type == UNIX_DIAG_NAME) socket.name.assign(value.begin(), value.end());
  if (type == UNIX_DIAG_RQLEN) socket.waiting = value_in<unix_diag_rqlen>(value).udiag_rqueue;
  if (type == UNIX_DIAG_SHUTDOWN && (value_in<unsigned char>(value) & 1U) != 0) socket.takes_more = false;
  if (type != UNIX_DIAG_VFS) return;
  auto file = value_in<unix_diag_vfs>(value);
  socket.file = {.inode = file.udiag_vfs_ino, .device = file.udiag_vfs_dev};
}

UnixSocket socket_in(Bytes message) {
  auto head = value_in<unix_diag_msg>(message);
  UnixSocket socket;
  socket.inode = head.udiag_ino;
  socket.takes_more = head.udiag_type == SOCK_DGRAM || head.udiag_state == TCP_LISTEN;
  for (std::size_t at = NLMSG_ALIGN(sizeof head); at + sizeof(rtattr) <= message.size();) {
    auto attribute = value_in<rtattr>(message.subspan(at));
    if (attribute.rta_len < sizeof attribute || at + attribute.rta_len > message.size()) break;
    take_attribute(attribute.rta_type, message.subspan(at, attribute.rta_len).subspan(RTA_LENGTH(0)), socket);
    at += RTA_ALIGN(attribute.rta_len);
  }
  return socket;
}

// Whether more is to come.
bool take_messages(Bytes answer, std::vector<UnixSocket>& sockets) {
  bool more = !answer.empty();
  while (answer.size() >= sizeof(nlmsghdr)) {
    auto header = value_in<nlmsghdr>(answer);
    if (header.nlmsg_len < sizeof header || header.nlmsg_len > answer.size()) return false;
    if (header.nlmsg_type != SOCK_DIAG_BY_FAMILY) return false; // the end, or an error
    if (header.nlmsg_len >= NLMSG_LENGTH(sizeof(unix_diag_msg)))
      sockets.push_back(socket_in(answer.first(header.nlmsg_len).subspan(NLMSG_HDRLEN)));
    more = (header.nlmsg_flags & NLM_F_MULTI) != 0;
    answer = answer.subspan(std::min<std::size_t>(NLMSG_ALIGN(header.nlmsg_len), answer.size()));
  }
  return more;
}

} // namespace

// The kernel answers from within each call: nothing is waited for.
std::vector<UnixSocket> unix_sockets(std::optional<ino_t> only) {
  std::vector<UnixSocket> sockets;
  base::FileDescriptor kernel{::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_SOCK_DIAG)};
  if (!kernel || !ask(kernel, only)) return sockets;
  alignas(nlmsghdr) std::array<char, 32768> answer{};
  for (bool more = true; more;) {
    auto size = ::recv(kernel.get(), answer.data(), answer.size(), 0);
    more = size > 0 && take_messages(Bytes{answer}.first(static_cast<std::size_t>(size)), sockets);
  }
  return sockets;
}

std::vector<UnixSocket> unix_sockets_at(const SocketAddress& address) {
  struct stat file{};
  auto name = address.family == Family::abstract ? std::string(1, '\0') + address.path : address.path;
  bool has_file = address.family == Family::unix_path && ::stat(address.path.c_str(), &file) == 0;
  auto sockets = unix_sockets();
  // The kernel tells 32 bits of an inode, and of some file systems another device than stat does.
  std::erase_if(sockets, [&](const auto& socket) {
    bool same_name = socket.name.substr(0, socket.name.find('\0', 1)) == name;
    if (!has_file) return !same_name;
    bool same_device = makedev(socket.file.device >> 20U, socket.file.device & 0xfffffU) == file.st_dev;
    return socket.file.inode != static_cast<std::uint32_t>(file.st_ino) || (!same_device && !same_name);
  });
  return sockets;
}

} // namespace upstart::socket_bridge
