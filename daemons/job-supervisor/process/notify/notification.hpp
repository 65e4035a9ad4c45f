// A message of sd_notify on a NOTIFY_SOCKET: lines of KEY=VALUE, and who sent it.
#pragma once

#include <sys/socket.h>

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace upstart::supervisor {

using NotificationLines = std::map<std::string, std::string, std::less<>>;

struct Notification {
  ucred sender{}; // no user where the kernel has told none
  NotificationLines lines;
};

// Lines without "=" are ignored; of two lines with one key the last counts. Pure.
[[nodiscard]] NotificationLines parse_notification(std::string_view message);

// The next message, which stays in the socket; nothing when there is none.
[[nodiscard]] std::optional<Notification> look_at_notification(int socket);
// Takes the next message out of the socket. Descriptors that came along are closed, which tells a sender that waits for
// it (BARRIER=1).
void drop_notification(int socket);

} // namespace upstart::supervisor
