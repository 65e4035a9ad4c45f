// The pidfds of all processes that are watched, in one descriptor of the loop. A process costs one system call when its
// watch begins and none when it ends, and no memory here. SIGCHLD comes the same way, as a read and not as an
// interruption; it is blocked in this thread from then on.
//
// A watch says once that its process has ended. It goes with its pidfd; a child between fork and exec may still hold a
// copy of that, so a watch may still be told of that nobody wants any more.
#pragma once

#include "daemons/base/event-loop.hpp"
#include "daemons/base/file-descriptor.hpp"

#include <sys/types.h>

#include <functional>

namespace upstart::supervisor {

class ExitWatch {
public:
  struct Calls {
    std::function<void(pid_t)> ended;         // once for each time that its pidfd was added or asked for again
    std::function<void()> child_changed = {}; // SIGCHLD
  };
  // Throws where the kernel refuses what is needed.
  ExitWatch(base::EventLoop& loop, Calls calls);
  ExitWatch(const ExitWatch&) = delete;
  ExitWatch& operator=(const ExitWatch&) = delete;
  ~ExitWatch();

  // The pidfd of this process. The error is errno; 0: none.
  int add(int pidfd, pid_t pid);
  // Once more: when it has been reaped, which is all that is left to be told of one that has ended.
  void await_reaping(int pidfd, pid_t pid);
  // Once more, from the beginning.
  void await_end(int pidfd, pid_t pid);

private:
  void happened();
  void again(int pidfd, pid_t pid, unsigned events);

  Calls calls_;
  bool was_blocked_ = false; // SIGCHLD, by the thread itself
  base::FileDescriptor signals_, all_;
  base::FdWatcher watcher_;
};

} // namespace upstart::supervisor
