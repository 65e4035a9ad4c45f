// A peer-to-peer D-Bus server: accepts on a listening socket that somebody (init) made, performs the handshake with
// each client, hands over the connection. Where descriptors run out it drops the client that it has no room for, rests
// a moment, and goes on.
#pragma once

#include "daemons/base/bus-connection.hpp"
#include "daemons/base/listen.hpp"

#include <list>

namespace upstart::base {

class PeerServer {
public:
  using OnClient = std::function<void(std::unique_ptr<BusConnection>)>;
  // Whether this user may connect: an abstract socket has no permissions of its own. Others are hung up on before a
  // word.
  using Admission = std::function<bool(uid_t)>;
  using Warn = std::function<void(const std::string&)>;

  // Owns the listening socket; clients in its backlog are served first. Without `admission` everybody may connect.
  // `warn` is told, at most once a minute, that descriptors ran out.
  PeerServer(EventLoop& loop, FileDescriptor listening, OnClient on_client, Admission admission = {}, Warn warn = {});

private:
  [[nodiscard]] bool admits(const FileDescriptor& accepted) const;
  void accept_some();
  void begin_handshake(FileDescriptor accepted);
  void out_of_descriptors();

  EventLoop& loop_;
  FileDescriptor listening_;
  OnClient on_client_;
  Admission admission_;
  Warn warn_;
  std::list<std::unique_ptr<Handshake>> handshakes_;
  FdWatcher watcher_;
  Timer pause_, quiet_;
};

} // namespace upstart::base
