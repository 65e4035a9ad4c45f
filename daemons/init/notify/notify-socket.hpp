// Where the daemons say how they are (NOTIFY_SOCKET of the sd_notify convention). The kernel tells which process each
// message is from.
#pragma once

#include "daemons/base/event-loop.hpp"
#include "daemons/base/file-descriptor.hpp"

#include <sys/types.h>

#include <chrono>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace upstart::init {

// What a message says; lines of other kinds are ignored, as the convention wants.
struct Notification {
  bool ready = false;
  bool stopping = false;
  bool keep = false;                                 // FDSTORE=1: the descriptors that came along
  bool forget = false;                               // FDSTOREREMOVE=1
  bool execute_anew = false;                         // X_UPSTART_EXECUTE_ANEW=1: init itself, for a client that asks
  std::string asked_by{};                            // X_UPSTART_ASKED_BY: who that client is
  std::optional<int> container_end{};                // X_UPSTART_CONTAINER_END: the exit status of a container's job
  bool alive = false;                                // WATCHDOG=1
  std::optional<std::chrono::microseconds> period{}; // WATCHDOG_USEC: until the next WATCHDOG=1; 0: none will come
  std::optional<std::vector<std::string>> bridges{}; // X-UPSTART-BRIDGES: those that loaded jobs ask for
  std::optional<std::string> start_bridge{};         // X-UPSTART-START-BRIDGE: one that a client wants
  std::string name = "stored";
  std::string status;
  friend bool operator==(const Notification&, const Notification&) = default;
};
[[nodiscard]] Notification parse_notification(std::string_view lines);

class NotifySocket {
public:
  using Received = std::function<void(pid_t sender, const Notification&, std::vector<base::FileDescriptor>)>;

  [[nodiscard]] static std::expected<base::FileDescriptor, std::string> bind(const std::string& path);

  NotifySocket(base::EventLoop& loop, base::FileDescriptor bound, Received received);

  [[nodiscard]] int fd() const { return socket_.get(); }
  // Hands on all that has come by now. To be called before a death is acted on: what the dead one said comes first.
  void drain();

private:
  bool receive();

  base::FileDescriptor socket_;
  Received received_;
  base::FdWatcher watcher_;
};

} // namespace upstart::init
