// An instance of a job class: its state machine, its environment, its processes, and those who wait for it. Carries out
// what the machine says (lifecycle/machine.hpp) through the ports; decides nothing about states itself.
//
// Made by JobManager when first started, gone when fully stopped. What happens to it comes from there (commands,
// events) or from its processes and timer; in either case the manager's `settle` runs last.
#pragma once

#include "daemons/job-supervisor/jobs/command.hpp"
#include "daemons/job-supervisor/jobs/handled-event.hpp"
#include "daemons/job-supervisor/jobs/subscriber.hpp"
#include "daemons/job-supervisor/lifecycle/machine.hpp"

#include <map>

namespace upstart::supervisor {

class JobManager;

// What a start gives to a job: taken when it enters starting.
struct StartGift {
  protocol::Environment environment;
  SharedFiles files;
  std::vector<std::string> parameters = {}; // $1 $2 … of its scripts (event.d)
};

class Job final : public ProcessEvents, public std::enable_shared_from_this<Job> {
public:
  Job(JobManager& manager, ClassEntry& entry, std::shared_ptr<const JobClass> job_class, std::string instance);
  ~Job() override;

  [[nodiscard]] const JobClass& job_class() const { return *class_; }
  [[nodiscard]] const std::shared_ptr<const JobClass>& shared_class() const { return class_; }
  [[nodiscard]] const std::string& instance() const { return instance_; }
  [[nodiscard]] ClassEntry& entry() const { return entry_; }
  [[nodiscard]] const Machine& machine() const { return machine_; }
  [[nodiscard]] Goal goal() const { return machine_.goal(); }
  [[nodiscard]] State state() const { return machine_.state(); }
  // "JOB", or "JOB (INSTANCE)" where it has a name.
  [[nodiscard]] std::string title() const;
  [[nodiscard]] std::string path() const;
  // Kind and process id of each process that is there, main first.
  [[nodiscard]] const std::map<ProcessKind, pid_t>& pids() const { return pids_; }
  [[nodiscard]] const std::vector<EventPointer>& blocked_events() const { return events_; }
  [[nodiscard]] std::size_t waiting_callers() const { return waiters_.size(); }
  [[nodiscard]] Subscriber& stop_on() { return stop_on_; }
  // What the main process last said of itself (STATUS= of `expect notify`); empty: nothing.
  [[nodiscard]] const std::string& status_text() const { return status_text_; }
  // Which processes of this run ended badly or could not be started without failing the job, and how.
  [[nodiscard]] const std::vector<std::string>& passed_over() const { return passed_over_; }

  // Earlier blockers are let go as succeeded, then this is done. `gift` empty: it keeps its environment.
  void start(std::optional<StartGift> gift);
  void stop(protocol::Environment stop_environment);
  void restart(std::optional<StartGift> gift);
  // The same by events, which are blocked until the job is where they send it.
  void start_because_of(const std::vector<EventPointer>& events, StartGift gift);
  void stop_because_of(const std::vector<EventPointer>& events, protocol::Environment stop_environment);
  // The caller is answered when the job is where it was told to go, or has failed.
  void wait(CommandKind kind, Reply reply);
  // Sends the reload signal to main. False if there is none.
  [[nodiscard]] bool reload();
  // Sends SIGKILL to every process (the session's time is up).
  void kill_all();
  void forbid_respawn() { machine_.forbid_respawn(); }

  [[nodiscard]] protocol::Environment& environment() { return environment_; }
  [[nodiscard]] const protocol::Environment& environment() const { return environment_; }
  // After the environment was changed from outside: what depends on it is worked out anew.
  void environment_changed();

  // The starting or stopping event it waits for has finished.
  void event_finished();

  void executed(ProcessKind kind) override;
  void not_executed(ProcessKind kind, const SpawnFailure& failure) override;
  void ready(pid_t pid) override;
  void moved(pid_t pid) override;
  void status(const std::string& text) override { status_text_ = text; }
  void ended(ProcessKind kind, int wait_status) override;

private:
  struct Waiter {
    CommandKind kind;
    Reply reply;
  };
  void carry_out(const Actions& actions);
  void carry_out(const Action& action);
  void take_start_environment();
  void block(const std::vector<EventPointer>& events);
  void release(bool failed);
  void spawn(ProcessKind kind);
  void could_not_spawn(ProcessKind kind, const SpawnFailure& failure);
  void emit(const char* event, bool wait);
  void start_kill_timer();
  void report_end(ProcessKind kind, int wait_status);
  void pass_over(ProcessKind kind, const std::string& how);
  [[nodiscard]] protocol::Environment event_environment(bool with_result) const;
  [[nodiscard]] std::vector<std::string> process_environment(ProcessKind kind) const;

  JobManager& manager_;
  ClassEntry& entry_;
  std::shared_ptr<const JobClass> class_;
  std::string instance_;
  Machine machine_;
  protocol::Environment environment_;
  protocol::Environment stop_environment_;
  SharedFiles files_;
  std::optional<StartGift> gift_;
  std::vector<std::string> parameters_;
  std::string status_text_;
  std::vector<std::string> passed_over_;
  std::vector<EventPointer> events_;
  std::vector<Waiter> waiters_;
  std::map<ProcessKind, pid_t> pids_;
  std::unique_ptr<JobProcesses> processes_;
  std::unique_ptr<Alarm> kill_timer_;
  Subscriber stop_on_;
};

// The variables that tell of a failure: RESULT and, where there was one, PROCESS, EXIT_STATUS or EXIT_SIGNAL.
[[nodiscard]] protocol::Environment result_environment(const std::optional<Failure>& failure);
// "TERM" for SIGTERM; the number for a signal without a name.
[[nodiscard]] std::string signal_name(int signal_number);

} // namespace upstart::supervisor
