#include "daemons/job-supervisor/process/notify/notification.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace upstart::supervisor {

namespace {

constexpr std::size_t usual_message = 4096;
constexpr std::size_t longest_message = 16 * 1024 * 1024; // no sender has so large a buffer

ucred sender_in(msghdr& message) {
  ucred sender{.pid = 0, .uid = static_cast<uid_t>(-1), .gid = static_cast<gid_t>(-1)};
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header))
    if (header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_CREDENTIALS)
      std::memcpy(&sender, CMSG_DATA(header), sizeof sender);
  return sender;
}

} // namespace

NotificationLines parse_notification(std::string_view message) {
  NotificationLines lines;
  while (!message.empty()) {
    std::size_t end = std::min(message.find('\n'), message.size());
    std::string_view line = message.substr(0, end);
    if (std::size_t equals = line.find('='); equals != line.npos)
      lines.insert_or_assign(std::string{line.substr(0, equals)}, std::string{line.substr(equals + 1)});
    message.remove_prefix(std::min(end + 1, message.size()));
  }
  return lines;
}

// 0 when there is none.
static std::size_t size_of_next(int socket) {
  ssize_t size = ::recv(socket, nullptr, 0, MSG_DONTWAIT | MSG_PEEK | MSG_TRUNC);
  return size < 0 ? 0 : std::min(static_cast<std::size_t>(size), longest_message);
}

// There is room for the sender alone: descriptors are not taken.
std::optional<Notification> look_at_notification(int socket) {
  std::string text(std::max(size_of_next(socket), usual_message), '\0');
  iovec part{text.data(), text.size()};
  alignas(cmsghdr) std::array<unsigned char, CMSG_SPACE(sizeof(ucred))> control;
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  ssize_t got = ::recvmsg(socket, &message, MSG_DONTWAIT | MSG_PEEK | MSG_CMSG_CLOEXEC);
  if (got < 0) return std::nullopt;
  return Notification{sender_in(message), parse_notification({text.data(), static_cast<std::size_t>(got)})};
}

void drop_notification(int socket) { (void)::recv(socket, nullptr, 0, MSG_DONTWAIT | MSG_TRUNC); }

} // namespace upstart::supervisor
