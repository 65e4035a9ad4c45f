// The processes of one instance of a job: at most one of each kind, from its spawn to the last word about it.
#pragma once

#include "daemons/job-supervisor/process/children.hpp"
#include "daemons/job-supervisor/process/console-log.hpp"
#include "daemons/job-supervisor/process/processes.hpp"
#include "daemons/job-supervisor/process/spawn.hpp"

#include <array>
#include <memory>
#include <optional>

namespace upstart::supervisor {

class RealProcesses;

class InstanceProcesses : public JobProcesses {
public:
  InstanceProcesses(RealProcesses& processes, std::shared_ptr<const JobClass> job_class, std::string instance, ProcessEvents& events);
  ~InstanceProcesses() override;

  std::expected<pid_t, SpawnFailure> spawn(const SpawnRequest& request) override;
  void signal(ProcessKind kind, int signal_number) override;
  void signal_process(ProcessKind kind, int signal_number) override;
  void kill_leftovers() override;

private:
  // One process. `child` goes when the process has ended, this when that has been told.
  struct Process {
    ProcessKind kind;
    std::unique_ptr<WatchedChild> child;
    protocol::FileDescriptor failure_pipe;
    std::unique_ptr<protocol::FdWatcher> failure_watcher;
    std::optional<ChildFailure> failure;
    bool executed_told = false;
  };
  using Alive = std::weak_ptr<InstanceProcesses*>;

  [[nodiscard]] std::unique_ptr<Process>& slot(ProcessKind kind) { return processes_[static_cast<std::size_t>(kind)]; }
  std::expected<void, SpawnFailure> connect_standard_streams(SpawnPlan& plan, protocol::FileDescriptor& console);
  void watch(ProcessKind kind, Spawned spawned);
  void learn_whether_executed(Process& process);
  void tell_executed(ProcessKind kind);
  void tell_ready_later();
  void process_ended(ProcessKind kind, int wait_status);

  RealProcesses& all_;
  std::shared_ptr<const JobClass> class_;
  std::string instance_;
  ProcessEvents& events_;
  std::shared_ptr<ConsoleLog> log_;
  std::array<std::unique_ptr<Process>, process_kinds> processes_;
  std::shared_ptr<InstanceProcesses*> alive_; // what is told later finds out by this whether anybody is there to tell it
};

} // namespace upstart::supervisor
