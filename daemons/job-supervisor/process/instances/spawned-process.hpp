// One process of an instance from its spawn until its end has been told: whether its exec succeeded, then its end.
// Owned by the instance; each call may destroy it.
#pragma once

#include "daemons/base/growing-pause.hpp"
#include "daemons/job-supervisor/process/adoption/instance-notes.hpp"
#include "daemons/job-supervisor/process/children/children.hpp"
#include "daemons/job-supervisor/process/spawn/spawn.hpp"

#include <functional>
#include <memory>
#include <optional>

namespace upstart::supervisor {

class SpawnedProcess {
public:
  struct Calls {
    std::function<void()> executed;             // from the loop, at most once; always before `ended` of success
    std::function<void(int wait_status)> ended; // also of one that has not executed: then `failure` tells why
  };
  SpawnedProcess(Children& children, Spawned spawned, Calls calls);
  // One that an earlier supervisor started; it may have gone meanwhile.
  SpawnedProcess(Children& children, const ProcessNote& note, Calls calls);
  ~SpawnedProcess();
  SpawnedProcess(const SpawnedProcess&) = delete;
  SpawnedProcess& operator=(const SpawnedProcess&) = delete;

  [[nodiscard]] WatchedChild& child() { return *child_; }
  // Why it could not execute, once that is known.
  [[nodiscard]] const std::optional<ChildFailure>& failure() const { return failure_; }
  // Watches another process in the place of this one. False when that does not exist any more.
  [[nodiscard]] bool supervise(pid_t pid);
  [[nodiscard]] ProcessNote note(ProcessKind kind) const;

private:
  void watch(const ProcessId& id, base::FileDescriptor pidfd,
             WatchedChild::Parent parent = WatchedChild::Parent::unknown);
  void look_for_execution();
  void look_at_held_up();
  [[nodiscard]] bool take_outcome_of_held_up();
  void read_failure();
  void tell_executed();
  void child_ended(int wait_status);

  Children& children_;
  Calls calls_;
  std::unique_ptr<WatchedChild> child_;
  base::FileDescriptor failure_pipe_;
  std::unique_ptr<base::FdWatcher> failure_watcher_;
  std::unique_ptr<SharedStart> held_up_;             // its execution takes long
  std::unique_ptr<base::Timer> looks_for_execution_; // of one that is held up, or adopted and had not executed yet
  base::GrowingPause next_look_{{std::chrono::milliseconds{10}, std::chrono::seconds{2}}}; // at one that is held up
  std::optional<ChildFailure> failure_;
  bool executed_told_ = false;
  std::shared_ptr<SpawnedProcess*> alive_ = std::make_shared<SpawnedProcess*>(this); // for deferred calls
};

} // namespace upstart::supervisor
