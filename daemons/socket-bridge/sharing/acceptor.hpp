// Accepts the clients of a listening socket for as long as it is told to. Whether the socket blocks is left as it is,
// since others may accept from it too.
#pragma once

#include "daemons/base/event-loop.hpp"
#include "daemons/base/file-descriptor.hpp"
#include "daemons/base/repeated-message.hpp"
#include "daemons/socket-bridge/sockets/client-watcher.hpp"

#include <functional>
#include <string>

namespace upstart::socket_bridge {

struct Accepted {
  base::FileDescriptor socket;
  std::string client; // its address without the port; of a Unix socket its user
};

class Acceptor {
public:
  // `listening` outlives this.
  Acceptor(base::EventLoop& loop, int listening, std::function<void(Accepted)> came);
  ~Acceptor() { accept(false); }
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;

  // Clients that are not accepted wait in the backlog.
  void accept(bool on);

private:
  void client_came();

  int listening_;
  bool on_ = false;
  std::function<void(Accepted)> came_;
  ClientWatcher watcher_;
  base::Timer pause_; // when descriptors have run out
};

// The address of the client of a connected socket, as `Accepted` has it.
[[nodiscard]] std::string client_of(int connected);

} // namespace upstart::socket_bridge
