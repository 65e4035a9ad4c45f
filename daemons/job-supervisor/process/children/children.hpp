// The supervisor's children. Each one that matters is watched by its pidfd, and reaped through it at once; the others
// (orphans that came to the supervisor because it is a subreaper) are reaped by a sweep that SIGCHLD sets off, at most
// every so often, so that no exit costs a walk over all children.
#pragma once

#include "daemons/base/event-loop.hpp"
#include "daemons/base/file-descriptor.hpp"

#include <sys/types.h>

#include <functional>
#include <memory>
#include <unordered_map>
#include <unordered_set>

namespace upstart::supervisor {

class Children;

// A child that is watched. Destroying it ends the watch, not the child.
class WatchedChild {
public:
  // `ended` gets the wait status, once; from the loop.
  WatchedChild(Children& children, pid_t pid, base::FileDescriptor pidfd, std::function<void(int)> ended);
  ~WatchedChild();
  WatchedChild(const WatchedChild&) = delete;
  WatchedChild& operator=(const WatchedChild&) = delete;

  [[nodiscard]] pid_t pid() const { return pid_; }
  // To its process group, or to it alone while it leads none yet.
  void signal_group(int signal_number);
  void signal(int signal_number);
  // Calls back when it stops (SIGSTOP and the like), also if it has done so before, from now on or, with nothing, no
  // more.
  void on_stop(std::function<void()> stopped);

private:
  friend class Children;
  void check();
  void check_stopped();
  void finish(int wait_status);

  Children& children_;
  pid_t pid_;
  base::FileDescriptor pidfd_;
  std::function<void(int)> ended_;
  std::function<void()> stopped_;
  bool gone_ = false;
  base::FdWatcher watcher_;
};

class Children {
public:
  explicit Children(base::EventLoop& loop);
  Children(const Children&) = delete;
  Children& operator=(const Children&) = delete;

  [[nodiscard]] bool is_watched(pid_t pid) const { return watched_.contains(pid); }
  [[nodiscard]] base::EventLoop& loop() { return loop_; }

  // Reaps now whoever has ended.
  void reap() { sweep(); }

  // Called after each sweep that found somebody.
  void on_swept(std::function<void()> swept) { swept_ = std::move(swept); }

  // Somebody who wants to see orphans that have ended before they are reaped, while he holds this.
  class Witness {
  public:
    Witness(Children& children, std::function<void(pid_t)> orphan_ended);
    ~Witness();
    Witness(const Witness&) = delete;
    Witness& operator=(const Witness&) = delete;

  private:
    friend class Children;
    Children& children_;
    std::function<void(pid_t)> orphan_ended_;
  };

private:
  friend class WatchedChild;
  void child_changed();
  void sweep();
  bool reap_one();

  base::EventLoop& loop_;
  std::unordered_map<pid_t, WatchedChild*> watched_;
  std::unordered_set<WatchedChild*> stoppable_;
  std::unordered_set<Witness*> witnesses_;
  std::function<void()> swept_;
  base::Timer sweep_soon_;
  base::SignalWatcher signal_;
};

} // namespace upstart::supervisor
