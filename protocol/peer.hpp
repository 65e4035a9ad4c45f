// A peer-to-peer D-Bus server: accepts on a listening socket that somebody (init) made, greets each client, hands over
// the connection. Where descriptors run out it drops the client that it has no room for, and goes on.
#pragma once

#include "protocol/bus-connection.hpp"
#include "protocol/listen.hpp"

#include <list>

namespace upstart::protocol {

class PeerServer {
public:
  using OnClient = std::function<void(std::unique_ptr<BusConnection>)>;
  // Whether this user may connect: an abstract socket has no permissions of its own. Others are hung up on before a word.
  using Admission = std::function<bool(uid_t)>;

  // Owns the listening socket; clients in its backlog are served first. Without `admission` everybody may connect.
  PeerServer(EventLoop& loop, FileDescriptor listening, OnClient on_client, Admission admission = {});

private:
  [[nodiscard]] bool admits(const FileDescriptor& accepted) const;
  void accept_all();
  void greet(FileDescriptor accepted);

  EventLoop& loop_;
  FileDescriptor listening_;
  OnClient on_client_;
  Admission admission_;
  std::list<std::unique_ptr<Greeting>> greetings_;
  FdWatcher watcher_;
  Timer pause_;
};

} // namespace upstart::protocol
