// The processes of one instance of a job: at most one of each kind, from its spawn to the last word about it.
#pragma once

#include "daemons/job-supervisor/process/children/children.hpp"
#include "daemons/job-supervisor/process/groups/stanza-groups.hpp"
#include "daemons/job-supervisor/process/logs/console-log.hpp"
#include "daemons/job-supervisor/process/processes.hpp"
#include "daemons/job-supervisor/process/readiness/make-readiness.hpp"
#include "daemons/job-supervisor/process/spawn/spawn.hpp"

#include <array>
#include <memory>
#include <optional>

namespace upstart::supervisor {

class RealProcesses;

class InstanceProcesses : public JobProcesses, private MainProcess {
public:
  InstanceProcesses(RealProcesses& processes, std::shared_ptr<const JobClass> job_class, std::string instance,
                    ProcessEvents& events);
  ~InstanceProcesses() override;

  std::expected<pid_t, SpawnFailure> spawn(const SpawnRequest& request) override;
  void signal(ProcessKind kind, int signal_number) override;
  void signal_process(ProcessKind kind, int signal_number) override;
  void kill_leftovers() override;
  void end_leftovers(int signal_number, std::chrono::milliseconds grace) override;

private:
  // One process, until its end has been told.
  struct Process {
    ProcessKind kind;
    std::unique_ptr<WatchedChild> child;
    base::FileDescriptor failure_pipe;
    std::unique_ptr<base::FdWatcher> failure_watcher;
    std::optional<ChildFailure> failure;
    bool executed_told = false;
  };
  // What the parent holds open until the child has been made.
  struct LaunchResources {
    base::FileDescriptor console, script, group;
    StanzaGroups stanza_groups;
    std::unique_ptr<Readiness> readiness;
    PlanExtras extras;
  };
  // Main has been told to end: so must all that it started.
  struct Ending {
    pid_t process_group = 0;          // which was told
    std::optional<int> wait_status{}; // main's own, once it has ended
    bool out_of_time = false;         // whoever is found from now on is killed
  };
  using Alive = std::weak_ptr<InstanceProcesses*>;

  [[nodiscard]] std::unique_ptr<Process>& slot(ProcessKind kind) { return processes_[static_cast<std::size_t>(kind)]; }
  std::expected<void, SpawnFailure> prepare_readiness(const SpawnRequest& request, LaunchResources& resources);
  std::expected<void, SpawnFailure> connect_streams(SpawnPlan& plan, LaunchResources& resources);
  std::expected<void, SpawnFailure> provide_script(SpawnPlan& plan, const CommandLine& command,
                                                   LaunchResources& resources);
  std::expected<void, SpawnFailure> enter_groups(SpawnPlan& plan, const SpawnRequest& request,
                                                 LaunchResources& resources);
  void leave_group();
  void begin_membership(const SpawnRequest& request);
  void watch(ProcessKind kind, Spawned spawned);
  void learn_whether_executed(Process& process);
  void tell_executed(ProcessKind kind);
  void await_readiness();
  void process_ended(ProcessKind kind, int wait_status);
  [[nodiscard]] bool has_own_group() const;
  [[nodiscard]] bool waits_for_rest(int wait_status);
  [[nodiscard]] std::vector<pid_t> rest() const;
  void tell_other_sessions(const std::vector<pid_t>& pids) const;
  void kill_rest() const;
  [[nodiscard]] std::vector<pid_t> leftovers() const;

  WatchedChild& child() override { return *slot(ProcessKind::main)->child; }
  const JobMembers& members() const override { return members_; }
  Children& children() override;
  bool supervise(pid_t pid) override;
  void ready() override;
  void status_text(const std::string& text) override;
  void warn(const std::string& what) override;

  RealProcesses& all_;
  std::shared_ptr<const JobClass> class_;
  std::string instance_;
  ProcessEvents& events_;
  JobMembers members_;
  std::vector<std::string> stanza_directories_; // made for `cgroup`
  std::shared_ptr<ConsoleLog> log_;
  std::array<std::unique_ptr<Process>, process_kinds> processes_;
  std::unique_ptr<Readiness> readiness_; // of main, while it runs
  bool ready_told_ = false;
  std::optional<Ending> ending_;
  std::shared_ptr<InstanceProcesses*>
      alive_; // what is told later finds out by this whether anybody is there to tell it
};

} // namespace upstart::supervisor
