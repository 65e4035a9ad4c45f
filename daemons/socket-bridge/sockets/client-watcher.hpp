// Watches listening descriptors for clients. All of them are in an epoll set of their own, and the loop watches that
// set: the loop puts what it watches into non-blocking mode, and a job that has the same socket must not see that. A
// descriptor that is not watched costs nothing.
#pragma once

#include "daemons/base/event-loop.hpp"
#include "daemons/base/file-descriptor.hpp"

#include <functional>

namespace upstart::socket_bridge {

class ClientWatcher {
public:
  // `client_came` is called again and again while a watched descriptor can be read.
  ClientWatcher(base::EventLoop& loop, std::function<void(int fd)> client_came);

  void watch(int fd);
  // To be called before it is closed.
  void unwatch(int fd);

private:
  void collect();

  base::FileDescriptor set_;
  std::function<void(int)> client_came_;
  base::FdWatcher watcher_;
};

} // namespace upstart::socket_bridge
