// The processes of one instance of a job: at most one of each kind, from its spawn to its end. It tells ProcessEvents
// what happens to them; the work is done by Launch (start), SpawnedProcess (exec and end), Readiness (main's `expect`)
// and MainEnding (main was told to end).
#pragma once

#include "daemons/base/values/growing-pause.hpp"
#include "daemons/base/values/lifetime.hpp"
#include "daemons/base/values/rare.hpp"
#include "daemons/job-supervisor/process/adoption/spawn-search.hpp"
#include "daemons/job-supervisor/process/ending/main-ending.hpp"
#include "daemons/job-supervisor/process/groups/instance-members.hpp"
#include "daemons/job-supervisor/process/instances/instance-mounts.hpp"
#include "daemons/job-supervisor/process/instances/process-services.hpp"
#include "daemons/job-supervisor/process/instances/spawned-process.hpp"
#include "daemons/job-supervisor/process/processes.hpp"
#include "daemons/job-supervisor/process/readiness/make-readiness.hpp"

#include <array>
#include <memory>
#include <optional>

namespace upstart::supervisor {

// More than twenty methods: most of them are the three interfaces, JobProcesses, MainProcess and SpawnedProcessOwner.
// More members than ten: eight are of the instance, the others of its main process.
class InstanceProcesses : public JobProcesses, private MainProcess, private SpawnedProcessOwner {
public:
  InstanceProcesses(ProcessServices& services, std::shared_ptr<const JobClass> job_class, std::string instance,
                    ProcessEvents& events);
  ~InstanceProcesses() override;

  std::expected<pid_t, SpawnFailure> spawn(const SpawnRequest& request) override;
  void signal(ProcessKind kind, int signal_number) override;
  void signal_process(ProcessKind kind, int signal_number) override;
  void kill_strays() override;
  void end_strays(int signal_number, std::chrono::milliseconds grace) override;
  [[nodiscard]] std::string notes() const override;
  // Takes up what an earlier supervisor started. Once, before anything else.
  void take_up(const std::string& notes, const std::vector<LivingProcess>& alive);

private:
  struct Search;
  // Null: none of this kind is there.
  [[nodiscard]] SpawnedProcess* find(ProcessKind kind) const;
  void put(ProcessKind kind, std::unique_ptr<SpawnedProcess> process);
  // The process is the caller's from now on.
  [[nodiscard]] std::unique_ptr<SpawnedProcess> take(ProcessKind kind);
  [[nodiscard]] std::vector<SpawnedProcess*> all() const;
  [[nodiscard]] SpawnedProcessOwner& owner() { return *this; }
  [[nodiscard]] ReadinessResources resources();
  [[nodiscard]] InstanceMounts& mounts();
  void restore(InstanceNotes notes);
  void take_up(const ProcessNote& note);
  void take_up_main(const InstanceNotes& notes);
  // Of this kind; null: there is none.
  [[nodiscard]] Search* search(ProcessKind kind) const { return (*searches_)[static_cast<std::size_t>(kind)].get(); }
  // Ends it; it is the caller's.
  [[nodiscard]] std::unique_ptr<Search> take_search(ProcessKind kind);
  void begin_search(ProcessKind kind, const InstanceNotes& notes);
  [[nodiscard]] SearchOutcome look_for_start(ProcessKind kind);
  void look_for_spawn(ProcessKind kind);
  void signal_when_found(ProcessKind kind, int signal_number);
  void spawn_found(ProcessKind kind, const ProcessId& id);
  void process_executed(ProcessKind kind) override;
  void resume_readiness();
  void process_ended(ProcessKind kind, int wait_status) override;
  [[nodiscard]] bool main_goes_on(int& wait_status);
  void look_for_left(ProcessKind kind, int wait_status);
  void decide_later(int wait_status);
  [[nodiscard]] bool waits_for_rest(int wait_status);
  [[nodiscard]] bool waits_for_strays();
  [[nodiscard]] EndScope end_scope(pid_t main) const;
  void signal_main(WatchedChild& main, int signal_number);
  void warn_of(ProcessKind kind, const std::string& what);
  void report_remaining(const std::vector<pid_t>& pids);

  WatchedChild& child() override { return main_->child(); }
  JobMembers members() const override { return members_.known(); }
  Children& children() override { return services_.children; }
  bool supervise(pid_t pid) override;
  void ready() override;
  void notes_changed() override { events_.notes_changed(); }
  void status_text(const std::string& text) override { events_.status(text); }
  void time_asked(std::chrono::milliseconds time) override { events_.time_asked(time); }
  void warn(const std::string& what) override;

  ProcessServices& services_;
  std::shared_ptr<const JobClass> class_;
  base::Rare<std::string> instance_; // its name
  ProcessEvents& events_;
  InstanceMembers members_;
  std::unique_ptr<InstanceMounts> mounts_; // of `private tmp'
  std::shared_ptr<ConsoleLog> log_;
  std::unique_ptr<SpawnedProcess> main_;
  base::Rare<std::array<std::unique_ptr<SpawnedProcess>, process_kinds>> others_; // by ProcessKind
  // A process that was to be started when an earlier supervisor died.
  struct Search {
    SpawnSearch what;
    std::optional<ProcessId> told; // by itself
    bool leaves_mark = false;      // it tells of itself before all else
    bool begun = false;            // an earlier supervisor was about to fork it, or has forked it
    base::Timer timer;
    std::chrono::steady_clock::time_point began = std::chrono::steady_clock::now();
    base::GrowingPause next_look{{std::chrono::milliseconds{2}, std::chrono::milliseconds{50}}};
    bool seen_nowhere = false;  // at the last look
    std::vector<int> signals{}; // that were to be sent to it meanwhile
  };
  base::Rare<std::array<std::unique_ptr<Search>, process_kinds>> searches_;
  std::unique_ptr<Readiness> readiness_; // of main, while it runs
  bool readiness_goes_on_ = false;       // an earlier supervisor has begun it
  bool ready_told_ = false;
  pid_t main_process_group_ = 0; // of the last main process
  // Of main, while it is not known what its end means; made when it is needed.
  struct Undecided {
    base::Timer timer; // to look again
    int wait_status = 0;
  };
  std::unique_ptr<Undecided> undecided_;
  std::unique_ptr<MainEnding> ending_; // of main, from the first signal that ends it
  base::Lifetime lifetime_;            // calls out of here may destroy it
};

} // namespace upstart::supervisor
