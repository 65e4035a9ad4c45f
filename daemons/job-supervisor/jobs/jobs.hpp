// All classes, all jobs, and what commands, events and files do to them: the supervisor's decisions. Each part is a
// class of its own; this one puts them together and runs the turns (turn.hpp): whatever comes in ends with `run_turn`.
// More than twenty methods: one for each thing that can come in, each in a line or two.
#pragma once

#include "daemons/job-supervisor/jobs/core/emitting.hpp"
#include "daemons/job-supervisor/jobs/core/executor.hpp"
#include "daemons/job-supervisor/jobs/core/recorder.hpp"
#include "daemons/job-supervisor/jobs/decisions/class-changes.hpp"
#include "daemons/job-supervisor/jobs/decisions/commands.hpp"
#include "daemons/job-supervisor/jobs/decisions/environment-commands.hpp"
#include "daemons/job-supervisor/jobs/decisions/session-end.hpp"

namespace upstart::supervisor {

// What is kept under this name: when the first supervisor of this init began (RunTime, as text).
inline constexpr const char* began_key = "began";

class Jobs final : private InputSink {
public:
  Jobs(Ports ports, Options options);
  ~Jobs() override;
  Jobs(const Jobs&) = delete;
  Jobs& operator=(const Jobs&) = delete;

  // Takes up everything that another process has written down, before anything else is done: nothing, where `records`
  // is empty. `files` are the classes as they are in their files now, which then come into force; `descriptors` those
  // that were kept. What is wrong with a record is told to the log.
  void restore(const Records& records, const std::vector<ClassChange>& files, const KeptFiles& descriptors = {});
  // A text that the daemon wants to be remembered, by name; empty where there is none.
  void keep(const std::string& name, std::string value);
  [[nodiscard]] std::string kept(const std::string& name) const;

  // Files.
  void apply(const std::vector<ClassChange>& changes);

  // Events. `finished`, where given, is answered when nothing blocks the event any more: an empty text, or EventFailed.
  void emit(Event event, Origin origin, Asker finished = {});
  // `accepted` is answered as soon as the event cannot be lost any more.
  void emit_without_waiting(Event event, Origin origin, Asker accepted);
  // An event of the daemon's own that is emitted once, however often the daemon dies and is started again.
  void emit_once(Event event);
  // What the broker says: an event is to be handled; one that was emitted here has finished; so has one of somebody
  // else.
  void handle(EventId id, Event event);
  void emission_finished(EmissionId id, bool failed);
  // The broker knows that this handled event has finished here.
  void finish_confirmed(EventId id);
  void broker_attached(); // and has said what other handlers want
  void finished_elsewhere(const std::string& name, const protocol::Environment& environment);
  // An expression holds this event since before: it blocks it, and nothing acts.
  void hold(Subscriber& subscriber, std::uint32_t leaf, EventId id, Event event);

  // For every command and every event that comes with a token, before anything else is done about it: whether it was
  // given before. Then `reply` has been taken, and gets the one true answer, now or when there is one; the command is
  // not given again. Whoever makes tokens known to this scopes them by user.
  bool resume(const std::string& token, Reply& reply) { return core_.callers.resume(token, reply); }

  // Keeps a warning about the processes of this job, for those who ask why.
  void keep_warning(const std::string& job, std::string what);

  // Forgets how instances of this job failed, and why. False: there was nothing to forget.
  bool forget_failures(const std::string& job);

  // Emits session-end and stops all jobs (session-end.hpp).
  void end_session(const std::string& type);
  [[nodiscard]] bool session_is_ending() const { return session_end_.has_begun(); }

  [[nodiscard]] Commands& commands() { return commands_; }
  [[nodiscard]] EnvironmentCommands& environments() { return environments_; }
  [[nodiscard]] ConditionWatch& conditions() { return watch_; }
  [[nodiscard]] std::vector<std::string> bridges_wanted() const { return changes_.bridges_wanted(); }
  [[nodiscard]] const ClassTable& classes() const { return core_.classes; }
  // To look at, for those who tell of the state.
  [[nodiscard]] const Core& core() const { return core_; }

private:
  void take(JobId job, Input input) override;
  void notes_changed(JobId job) override;
  void take_files(EventId id, const SharedFiles& files);
  void run_turn();
  [[nodiscard]] bool run_turn(std::chrono::microseconds until);
  void go_on_later();
  bool work_off_next();
  void work_off(Work& work);
  void release_removed();

  Core core_;
  // Instances that are gone, until nothing can be on the stack that belongs to them. Owned here, so that none outlives
  // what the ports stand for.
  std::shared_ptr<std::vector<std::unique_ptr<Job>>> removed_ = std::make_shared<std::vector<std::unique_ptr<Job>>>();
  JobSteps steps_{core_};
  EventMatching matching_{core_, steps_};
  Emitting emitting_;
  ConditionWatch watch_{core_, [this] { run_turn(); }};
  ClassChanges changes_{core_, matching_, watch_};
  Commands commands_;
  EnvironmentCommands environments_;
  SessionEnd session_end_;
  Recorder recorder_{core_};
  Executor executor_{core_, recorder_};
  bool running_ = false;
  bool goes_on_ = false; // later: the turn has taken its time
  bool restores_ = false;
};

} // namespace upstart::supervisor
