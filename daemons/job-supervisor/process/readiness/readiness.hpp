// How a main process says that it is ready, one class for each word of `expect`. Made before the process is spawned,
// begun when it has executed, gone when it has ended.
#pragma once

#include "daemons/job-supervisor/process/groups/job-members.hpp"
#include "daemons/job-supervisor/process/plan/spawn-plan.hpp"
#include "daemons/job-supervisor/process/processes.hpp"
#include "daemons/job-supervisor/process/readiness/expect-timeouts.hpp"

#include <expected>
#include <memory>
#include <string>

namespace upstart::supervisor {

// The main process as its readiness sees it. `ready` and `supervise` may end in the readiness being destroyed: nothing
// may be done after them.
class MainProcess {
public:
  virtual ~MainProcess() = default;
  [[nodiscard]] virtual WatchedChild& child() = 0;
  [[nodiscard]] virtual const JobMembers& members() const = 0;
  [[nodiscard]] virtual Children& children() = 0;
  // From now on this process is the main one. False when it is not there any more.
  virtual bool supervise(pid_t pid) = 0;
  // Ready, or where that was told before, moved to another process.
  virtual void ready() = 0;
  virtual void status_text(const std::string& text) = 0;
  // A warning about it; its name is put before.
  virtual void warn(const std::string& what) = 0;
};

class Readiness {
public:
  virtual ~Readiness() = default;
  // What the process is to be given.
  virtual void prepare(PlanExtras&) {}
  // It has executed.
  virtual void begin() = 0;
  // It has ended. True when another has taken its place.
  virtual bool main_ended(int /*wait_status*/) { return false; }
  // It is sent a signal by order.
  virtual void signalled() {}
};

// Nothing for `expect none`. The error: what cannot be had.
[[nodiscard]] std::expected<std::unique_ptr<Readiness>, SpawnFailure>
make_readiness(const JobClass& job_class, MainProcess& main, const ExpectTimes& times);

} // namespace upstart::supervisor
