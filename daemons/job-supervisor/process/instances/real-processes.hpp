// The processes of jobs as children of this process, which becomes a child subreaper: whatever a job leaves behind
// comes back here. All children of the process are reaped, whoever made them.
//
// An idle RealProcesses costs nothing per job that is loaded; a running process costs a pidfd, an instance with a
// console log a terminal. It must outlive what `open` returned.
#pragma once

#include "daemons/base/event-loop.hpp"
#include "daemons/job-supervisor/process/children/children.hpp"
#include "daemons/job-supervisor/process/ending/stray-processes.hpp"
#include "daemons/job-supervisor/process/groups/job-group.hpp"
#include "daemons/job-supervisor/process/logs/console-log.hpp"
#include "daemons/job-supervisor/process/plan/spawn-plan.hpp"
#include "daemons/job-supervisor/process/processes.hpp"
#include "daemons/job-supervisor/process/readiness/expect-timeouts.hpp"

#include <functional>
#include <memory>
#include <string>

namespace upstart::supervisor {

struct ProcessOptions {
  std::string log_directory; // empty: output of `console log` goes nowhere
  Console default_console = Console::log;
  bool user_session = false;
  bool inherit_environment = true; // of a user session: false with --no-inherit-env
  bool debug = false;              // init runs with --debug
  bool control_groups = true;      // false with --no-cgroups
  ExpectTimeouts expect_timeouts{};
  // Where a warning is told; without it, on standard error.
  std::function<void(const std::string&)> warn{};
};

class RealProcesses : public Processes {
public:
  RealProcesses(base::EventLoop& loop, ProcessOptions options);
  ~RealProcesses() override;

  std::unique_ptr<JobProcesses> open(std::shared_ptr<const JobClass> job_class, std::string instance,
                                     ProcessEvents& events) override;
  void logs_writable() override;
  [[nodiscard]] bool apparmor_enabled() const override { return defaults_.apparmor; }

  // For InstanceProcesses.
  [[nodiscard]] base::EventLoop& loop() { return loop_; }
  [[nodiscard]] Children& children() { return children_; }
  [[nodiscard]] ConsoleLogs& logs() { return logs_; }
  [[nodiscard]] const SpawnDefaults& defaults() const { return defaults_; }
  [[nodiscard]] JobGroups& groups() { return groups_; }
  [[nodiscard]] StrayProcesses& leftovers() { return strays_; }
  [[nodiscard]] bool control_groups_wanted() const { return options_.control_groups; }
  [[nodiscard]] const ExpectTimeouts& expect_timeouts() const { return options_.expect_timeouts; }
  [[nodiscard]] int null_device() const { return null_device_.get(); }
  void warn(const std::string& message) const { options_.warn(message); }

private:
  base::EventLoop& loop_;
  ProcessOptions options_;
  SpawnDefaults defaults_;
  base::FileDescriptor null_device_;
  Children children_;
  JobGroups groups_;
  StrayProcesses strays_;
  ConsoleLogs logs_;
};

} // namespace upstart::supervisor
