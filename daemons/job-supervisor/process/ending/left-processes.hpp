// Processes that a process of a job left behind when it ended by itself: nobody ends them, and nobody supervises them.
// Each is told of once, if it is still there a moment later: helpers often end with whom they have helped.
#pragma once

#include "daemons/base/event-loop.hpp"
#include "daemons/job-supervisor/process/children/process-tree.hpp"

#include <chrono>
#include <deque>
#include <functional>
#include <vector>

namespace upstart::supervisor {

class LeftProcesses {
public:
  // Those that are still there, at least one.
  using Tell = std::function<void(const std::vector<pid_t>&)>;

  explicit LeftProcesses(base::EventLoop& loop);
  // `tell` is called from the loop, in a moment; not at all where none is there any more. `instance`: whose they are.
  void tell_of(const void* instance, const std::vector<pid_t>& processes, Tell tell);
  // They are ended with their instance: they are not told of.
  void forget(const void* instance);
  // The instance goes and leaves them: another may get its place in memory.
  void instance_gone(const void* instance);

private:
  using Clock = std::chrono::steady_clock;
  struct Pending {
    const void* instance;
    Clock::time_point when;
    std::vector<ProcessId> processes;
    Tell tell;
  };
  [[nodiscard]] std::vector<ProcessId> not_known_yet(const std::vector<pid_t>& processes) const;
  void look();
  void wait();
  void drop_ended();

  std::deque<Pending> pending_; // by time
  std::vector<ProcessId> known_;
  std::size_t drop_at_; // so many known ones: those that have ended are dropped
  base::Timer timer_;
};

} // namespace upstart::supervisor
