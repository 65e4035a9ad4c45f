// One process of an instance from its spawn until its end has been told: whether its exec succeeded, then its end.
// Owned by the instance; each call may destroy it.
#pragma once

#include "daemons/base/values/growing-pause.hpp"
#include "daemons/base/values/lifetime.hpp"
#include "daemons/base/values/rare.hpp"
#include "daemons/job-supervisor/process/adoption/instance-notes.hpp"
#include "daemons/job-supervisor/process/children/children.hpp"
#include "daemons/job-supervisor/process/spawn/spawn.hpp"

#include <memory>
#include <optional>

namespace upstart::supervisor {

// Who is told of a process; outlives it.
class SpawnedProcessOwner {
public:
  virtual ~SpawnedProcessOwner() = default;
  // From the loop, at most once; always before `process_ended` of success.
  virtual void process_executed(ProcessKind kind) = 0;
  // Also of one that has not executed: then `failure` tells why.
  virtual void process_ended(ProcessKind kind, int wait_status) = 0;
};

class SpawnedProcess {
public:
  SpawnedProcess(Children& children, Spawned spawned, ProcessKind kind, SpawnedProcessOwner& owner);
  // One that an earlier supervisor started; it may have gone meanwhile.
  SpawnedProcess(Children& children, const ProcessNote& note, SpawnedProcessOwner& owner);
  ~SpawnedProcess();
  SpawnedProcess(const SpawnedProcess&) = delete;
  SpawnedProcess& operator=(const SpawnedProcess&) = delete;

  [[nodiscard]] WatchedChild& child() { return *child_; }
  // Why it could not execute, once that is known; else null.
  [[nodiscard]] const ChildFailure* failure() const { return failure_ ? &*failure_ : nullptr; }
  // Watches another process in the place of this one. False when that does not exist any more.
  [[nodiscard]] bool supervise(pid_t pid);
  [[nodiscard]] ProcessNote note() const;

private:
  void watch(const ProcessId& id, base::FileDescriptor pidfd,
             WatchedChild::Parent parent = WatchedChild::Parent::unknown);
  void look_for_execution();
  void look_at_held_up();
  [[nodiscard]] bool take_outcome_of_held_up();
  void read_failure();
  void tell_executed();
  void child_ended(int wait_status);

  // Of one of which it is not known at once whether it executes.
  struct Execution {
    base::FileDescriptor failure_pipe{};
    std::unique_ptr<base::FdWatcher> failure_watcher{};
    std::unique_ptr<SharedStart> held_up{}; // it takes long
    std::unique_ptr<base::Timer> looks{};   // at one that is held up, or adopted and had not executed yet
    base::GrowingPause next_look{{std::chrono::milliseconds{10}, std::chrono::seconds{2}}}; // at one that is held up
  };

  Children& children_;
  SpawnedProcessOwner& owner_;
  std::optional<WatchedChild> child_;
  std::unique_ptr<Execution> execution_;
  base::Rare<ChildFailure> failure_;
  ProcessKind kind_;
  bool executed_told_ = false;
  base::Lifetime lifetime_; // for deferred calls
};

} // namespace upstart::supervisor
