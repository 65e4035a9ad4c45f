// What `step` says is to be done, in order. Values: who carries them out (jobs/) decides when, and can write them down
// first.
#pragma once

#include "daemons/job-supervisor/lifecycle/life.hpp"

#include <chrono>
#include <variant>

namespace upstart::supervisor {

enum class JobEvent : std::uint8_t { starting, started, stopping, stopped };
[[nodiscard]] std::string_view name_of(JobEvent event);

enum class Severity : std::uint8_t { debug, info, warning, error };

// What a record of a job is about, for those who ask why.
enum class RecordKind : std::uint8_t {
  started,     // it was started, and by what
  not_started, // its `start on` came true, and why nothing came of that
  stopped,     // it was told to stop or restart, and by whom
  done,        // its main process ended, and that is no failure
  ended,       // one of its processes failed, or could not be started, and what followed
  killed,      // a time limit had passed
  respawned,   // main ended and is started again
  reset        // its failures were forgotten, by a command
};
[[nodiscard]] std::string_view name_of(RecordKind kind); // "started", "not started", "stopped", "done", …

namespace effect {

// Clients are told.
struct GoalChanged {
  Goal goal = Goal::stop;
  friend bool operator==(const GoalChanged&, const GoalChanged&) = default;
};
struct StateChanged {
  State state = State::waiting;
  friend bool operator==(const StateChanged&, const StateChanged&) = default;
};
struct Failed {
  int status = 0; // as the Failed signal has it (failed_status); 0: the respawn limit; -1: it could not be executed
  friend bool operator==(const Failed&, const Failed&) = default;
};

// An event of the job's own is emitted.
struct Emit {
  JobEvent event = JobEvent::starting;
  protocol::Environment environment;
  Ticket ticket = 0; // EventFinished with this ticket is awaited; 0: it is not
  friend bool operator==(const Emit&, const Emit&) = default;
};

// Events and callers.
struct BlockEvents {
  std::vector<EventId> events;
  friend bool operator==(const BlockEvents&, const BlockEvents&) = default;
};
struct ReleaseEvents {
  std::vector<EventId> events;
  bool failed = false;
  friend bool operator==(const ReleaseEvents&, const ReleaseEvents&) = default;
};
struct Answer {
  CallerId caller = 0;
  CommandKind command = CommandKind::start;
  bool failed = false;
  friend bool operator==(const Answer&, const Answer&) = default;
};

// Processes.
struct Spawn {
  ProcessKind process = ProcessKind::main;
  protocol::Environment environment = {}; // complete but for UPSTART_JOB, UPSTART_INSTANCE and UPSTART_SESSION
  std::vector<FileId> files = {};
  std::vector<std::string> positional = {};
  friend bool operator==(const Spawn&, const Spawn&) = default;
};
// A signal that ends it, to the process group; of main it ends all that main has started.
struct Signal {
  ProcessKind process = ProcessKind::main;
  int number = 0;
  friend bool operator==(const Signal&, const Signal&) = default;
};
// A signal to that process alone.
struct SignalProcess {
  ProcessKind process = ProcessKind::main;
  int number = 0;
  friend bool operator==(const SignalProcess&, const SignalProcess&) = default;
};
// What the job left behind is ended by SIGKILL: it has had its time.
struct KillStrays {
  friend bool operator==(const KillStrays&, const KillStrays&) = default;
};
// The same, but nobody has asked it to end yet: by `signal`, and by SIGKILL when `grace` has passed.
struct EndStrays {
  int signal = 0;
  std::chrono::milliseconds grace{0};
  friend bool operator==(const EndStrays&, const EndStrays&) = default;
};
struct ArmKillTimer {
  std::chrono::milliseconds after{0};
  friend bool operator==(const ArmKillTimer&, const ArmKillTimer&) = default;
};
struct DisarmKillTimer {
  friend bool operator==(const DisarmKillTimer&, const DisarmKillTimer&) = default;
};

// The environment has changed: the patterns of `stop on` are expanded anew.
struct ExpandStopOn {
  friend bool operator==(const ExpandStopOn&, const ExpandStopOn&) = default;
};

// What is remembered of the class when the instance has gone, for those who ask why.
struct RecordSpawnFailure {
  std::string text; // "main process: unable to execute: …"
  friend bool operator==(const RecordSpawnFailure&, const RecordSpawnFailure&) = default;
};
struct RecordRespawnLimit {
  int wait_status = 0; // of the main process that reached the limit
  friend bool operator==(const RecordRespawnLimit&, const RecordRespawnLimit&) = default;
};
struct Record {
  RecordKind kind = RecordKind::ended;
  std::string text;
  friend bool operator==(const Record&, const Record&) = default;
};
struct Log {
  Severity severity = Severity::info;
  std::string text;
  friend bool operator==(const Log&, const Log&) = default;
};

// The job is fully stopped: the instance goes.
struct Remove {
  friend bool operator==(const Remove&, const Remove&) = default;
};

} // namespace effect

using Effect = std::variant<effect::GoalChanged, effect::StateChanged, effect::Failed, effect::Emit,
                            effect::BlockEvents, effect::ReleaseEvents, effect::Answer, effect::Spawn, effect::Signal,
                            effect::SignalProcess, effect::KillStrays, effect::EndStrays, effect::ArmKillTimer,
                            effect::DisarmKillTimer, effect::ExpandStopOn, effect::RecordSpawnFailure,
                            effect::RecordRespawnLimit, effect::Record, effect::Log, effect::Remove>;
using Effects = std::vector<Effect>;

} // namespace upstart::supervisor
