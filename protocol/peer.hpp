// A peer-to-peer D-Bus server: accepts on a listening socket that somebody (init) made, greets each client, hands over
// the connection. Who may connect is decided by the caller of `on_client`.
#pragma once

#include "protocol/bus-connection.hpp"
#include "protocol/listen.hpp"

#include <list>

namespace upstart::protocol {

class PeerServer {
public:
  using OnClient = std::function<void(std::unique_ptr<BusConnection>)>;

  // Owns the listening socket; clients in its backlog are served first.
  PeerServer(EventLoop& loop, FileDescriptor listening, OnClient on_client);

private:
  void accept_all();
  void greet(FileDescriptor accepted);

  EventLoop& loop_;
  FileDescriptor listening_;
  OnClient on_client_;
  std::list<std::unique_ptr<Greeting>> greetings_;
  FdWatcher watcher_;
  Timer pause_;
};

} // namespace upstart::protocol
