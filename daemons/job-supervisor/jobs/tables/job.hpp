// An instance of a job class: its life, which decides, and what belongs to it in the world: its processes, its kill
// timer, the descriptors that its life names, its `stop on` in the event index. Decides nothing itself.
//
// More than twenty methods: nine of them are those of ProcessEvents, most others tell a member.
//
// Owned by its class's entry; gone when fully stopped. What its processes do is handed on as inputs.
#pragma once

#include "daemons/job-supervisor/jobs/tables/runs.hpp"
#include "daemons/job-supervisor/jobs/tables/subscriber.hpp"
#include "daemons/job-supervisor/lifecycle/input.hpp"

#include <bitset>
#include <map>

namespace upstart::supervisor {

// Where the inputs of jobs go that come from outside: from processes and timers.
class InputSink {
public:
  virtual ~InputSink() = default;
  virtual void take(JobId job, Input input) = 0;
  // What its processes would be taken up by has changed.
  virtual void notes_changed(JobId job) = 0;
};

class Job final : public ProcessEvents {
public:
  using Sought = std::bitset<process_kinds>; // by ProcessKind
  struct World {
    EventIndex& index;
    Processes& processes;
    InputSink& inputs;
  };
  Job(const World& world, JobId id, std::shared_ptr<const JobClass> job_class, std::string instance);
  // As it was written down: its processes are taken up. `sought`: those that were to be started and may be there.
  Job(const World& world, JobId id, std::shared_ptr<const JobClass> job_class, Life life, const std::string& notes,
      Sought sought);
  ~Job() override;
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;

  [[nodiscard]] JobId id() const { return id_; }
  [[nodiscard]] const JobClass& job_class() const { return *class_; }
  [[nodiscard]] const Life& life() const { return life_; }
  [[nodiscard]] const std::string& name() const { return class_->name; }
  [[nodiscard]] const std::string& instance() const { return life_.instance; }
  // "JOB", or "JOB (INSTANCE)" where it has a name.
  [[nodiscard]] std::string title() const;
  [[nodiscard]] std::string path() const; // of its D-Bus object

  // Its environment and an equal one that was kept before become one.
  void share_environment(protocol::RecentEnvironments& recent) { recent.share(life_.environment); }
  // The life goes one step on; what is to be done is returned.
  [[nodiscard]] Effects step(Input input, MonotonicTime now);

  [[nodiscard]] Subscriber& stop_on() { return stop_on_; }
  [[nodiscard]] const Subscriber& stop_on() const { return stop_on_; }
  [[nodiscard]] JobProcesses& processes() { return *processes_; }
  [[nodiscard]] const JobProcesses& processes() const { return *processes_; }
  // Of those it is not known yet whether an earlier supervisor has started them.
  [[nodiscard]] const Sought& sought() const { return sought_; }
  [[nodiscard]] std::unique_ptr<Alarm>& kill_timer() { return kill_timer_; }
  // When it got to each of its states in this run; of no weight for what it does.
  [[nodiscard]] Run& run() { return run_; }
  [[nodiscard]] const Run& run() const { return run_; }
  // Takes a share of a descriptor for as long as the life names it.
  void keep(FileId id, std::shared_ptr<const base::FileDescriptor> file) { files_.edit().emplace(id, std::move(file)); }
  // The same where the life names it already.
  void keep_if_named(FileId id, std::shared_ptr<const base::FileDescriptor> file);
  [[nodiscard]] SharedFiles files(const std::vector<FileId>& ids) const;

  void executed(ProcessKind kind) override;
  void not_executed(ProcessKind kind, const SpawnFailure& failure) override;
  void ready(pid_t pid) override;
  void moved(pid_t pid) override;
  void left_behind(pid_t pid) override;
  void status(const std::string& text) override;
  void time_asked(std::chrono::milliseconds time) override;
  void ended(ProcessKind kind, int wait_status) override;
  void found(ProcessKind kind, pid_t pid) override;
  void never_started(ProcessKind kind) override;
  void notes_changed() override;

private:
  [[nodiscard]] bool names_file(FileId id) const;
  void drop_unnamed_files();
  void not_sought(ProcessKind kind) { sought_.reset(static_cast<std::size_t>(kind)); }

  InputSink& inputs_;
  JobId id_;
  std::shared_ptr<const JobClass> class_;
  Life life_;
  Run run_;
  Subscriber stop_on_;
  base::Rare<std::map<FileId, std::shared_ptr<const base::FileDescriptor>>> files_;
  std::unique_ptr<Alarm> kill_timer_;
  Sought sought_;
  std::unique_ptr<JobProcesses> processes_;
};

} // namespace upstart::supervisor
