// Tells which of many descriptors can be read. All of them are in an epoll set of their own, and the loop watches that
// set: the loop puts what it watches into non-blocking mode, and a job that has the same socket must not see that. A
// descriptor that is not expected costs nothing.
#pragma once

#include "daemons/base/event-loop.hpp"
#include "daemons/base/file-descriptor.hpp"

#include <functional>

namespace upstart::socket_bridge {

class Arrivals {
public:
  // `arrived` is told again and again while a descriptor can be read and is expected.
  Arrivals(base::EventLoop& loop, std::function<void(int fd)> arrived);

  void expect(int fd);
  // Before it is closed.
  void ignore(int fd);

private:
  void look();

  base::FileDescriptor set_;
  std::function<void(int)> arrived_;
  base::FdWatcher watcher_;
};

} // namespace upstart::socket_bridge
