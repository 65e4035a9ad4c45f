// All classes, all jobs, and what commands and events do to them: the supervisor's decisions. Knows neither D-Bus nor
// the kernel; the ports (ports.hpp, process/processes.hpp) are its only way out.
//
// Every way in ends with `settle`: what followed from what was done (an event nobody wants has finished, a process
// could not be forked) is worked off in order before control returns to the loop, so no two things happen at once.
#pragma once

#include "daemons/job-supervisor/configuration/class-change.hpp"
#include "daemons/job-supervisor/jobs/class-entry.hpp"
#include "daemons/job-supervisor/jobs/environment-tables.hpp"
#include "daemons/job-supervisor/jobs/job.hpp"

#include <deque>
#include <set>
#include <unordered_map>

namespace upstart::supervisor {

// Commands on job environment tables name the global one, or that of an instance.
struct EnvironmentTarget {
  std::optional<std::pair<std::string, std::string>> instance; // job, instance
};

class JobManager {
public:
  struct Ports {
    Processes& processes;
    EventSink& events;
    Clock& clock;
    Observer& observer;
  };
  struct Options {
    protocol::Environment own_environment; // that init was started with
    bool inherit_environment = false;      // a session: its jobs begin with that
    std::string session_address;           // UPSTART_SESSION of jobs' processes; empty: none
  };
  JobManager(Ports ports, Options options);
  ~JobManager();

  // Configuration.
  void apply(const std::vector<ClassChange>& changes);
  [[nodiscard]] ClassEntry* find_class(std::string_view name);
  [[nodiscard]] Job* find_instance(std::string_view job, std::string_view instance);
  [[nodiscard]] const std::unordered_map<std::string, std::unique_ptr<ClassEntry>>& classes() const { return classes_; }

  // Commands. `reply` is called exactly once: at once, or with `wait` when the job has got there.
  void start(ClassEntry& entry, const std::vector<std::string>& environment, bool wait, Reply reply);
  void stop(ClassEntry& entry, const std::vector<std::string>& environment, bool wait, Reply reply);
  void restart(ClassEntry& entry, const std::vector<std::string>& environment, bool wait, Reply reply);
  void start(Job& job, bool wait, Reply reply);
  void stop(Job& job, bool wait, Reply reply);
  void restart(Job& job, bool wait, Reply reply);
  [[nodiscard]] std::expected<void, CommandError> reload(Job& job);
  // The instance that this environment names, whether it exists or not: errors InvalidArgs.
  [[nodiscard]] std::expected<std::string, CommandError>
  instance_name(const ClassEntry& entry, const std::vector<std::string>& environment) const;
  [[nodiscard]] std::expected<Job*, CommandError> get_instance(ClassEntry& entry,
                                                               const std::vector<std::string>& environment);

  // Events. `finished`, where given, is called when nothing blocks the event any more.
  void emit(Event event, Origin origin, std::function<void(bool failed)> finished = {});
  // An event that the broker wants handled.
  void handle(EventId id, Event event);
  // An event of somebody else has finished.
  void finished_elsewhere(const std::string& name, const protocol::Environment& environment);

  // Environment tables. Errors UnknownJobInstance, InvalidArgs.
  [[nodiscard]] std::expected<std::string, CommandError> get_environment(const EnvironmentTarget& target,
                                                                         const std::string& name);
  [[nodiscard]] std::expected<std::vector<std::string>, CommandError> list_environment(const EnvironmentTarget& target);
  [[nodiscard]] std::expected<void, CommandError>
  set_environment(const EnvironmentTarget& target, const std::vector<std::string>& variables, bool replace);
  [[nodiscard]] std::expected<void, CommandError> unset_environment(const EnvironmentTarget& target,
                                                                    const std::vector<std::string>& names);
  [[nodiscard]] std::expected<void, CommandError> reset_environment(const EnvironmentTarget& target);

  // Bridges: tells the observer from now on of conditions on this event and of the activity of the jobs that have some.
  [[nodiscard]] std::vector<ClassEntry*> watch_conditions(const std::string& event);

  // Emits session-end TYPE=`type`; stops all jobs, with `grace` (a logout) those that start on it a little later;
  // nothing respawns any more. The observer hears session_ended when the last job has gone.
  void end_session(const std::string& type, bool grace);
  [[nodiscard]] bool session_is_ending() const { return session_ending_; }

  // For Job.
  [[nodiscard]] const Ports& ports() const { return ports_; }
  [[nodiscard]] const EnvironmentTables& tables() const { return tables_; }
  [[nodiscard]] const std::string& session_address() const { return options_.session_address; }
  [[nodiscard]] EventIndex& index() { return index_; }
  void unblock(const EventPointer& event, bool failed);
  void job_event(Job& job, const char* name, protocol::Environment environment, bool wait);
  void job_gone(Job& job);
  // Does it once what is going on now is done, before control returns to the loop.
  void soon(std::function<void()> action);
  void settle();

private:
  void put_out(Event event, Origin origin, std::function<void(bool failed)> finished);
  void offer(Subscriber& subscriber, std::uint32_t leaf, const EventPointer& event);
  void act(Subscriber& subscriber);
  void act_start(ClassEntry& entry, const std::vector<EventPointer>& events);
  void act_stop(Job& job, const std::vector<EventPointer>& events);
  void offer_again(Subscriber& subscriber, std::vector<EventPointer> held);

  Job& make_instance(ClassEntry& entry, const std::string& name);
  void put_in_force(ClassEntry& entry);
  void replace(const std::string& name, std::shared_ptr<const JobClass> job_class);
  void add_class(std::shared_ptr<const JobClass> job_class, std::vector<EventPointer> held);
  void tell_watchers(const ClassEntry& entry, const JobClass* before, const JobClass* after);
  void tell_activity(const ClassEntry& entry);
  void obey(Job& job, CommandKind kind, bool wait, Reply reply, const std::function<void()>& command);
  [[nodiscard]] bool names_watched_event(const JobClass& job_class) const;
  [[nodiscard]] std::expected<Job*, CommandError> target_job(const EnvironmentTarget& target);
  void change_environments(const EnvironmentTarget& target, Job* job,
                           const std::function<void(protocol::Environment&)>& change);
  void stop_all_jobs();
  void session_event_handled();
  void check_session_end();

  Ports ports_;
  Options options_;
  EnvironmentTables tables_;
  EventIndex index_;
  std::unordered_map<std::string, std::unique_ptr<ClassEntry>> classes_;
  std::set<std::string> watched_events_;
  std::deque<std::function<void()>> soon_;
  std::vector<std::shared_ptr<Job>> gone_;
  std::size_t instances_ = 0;
  bool settling_ = false;
  bool session_ending_ = false, session_event_done_ = false, session_told_ = false, shutdown_ = false;
  std::unique_ptr<Alarm> session_alarm_, session_limit_;
};

} // namespace upstart::supervisor
