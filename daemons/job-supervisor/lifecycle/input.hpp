// What can happen to a job: all that `step` is told.
#pragma once

#include "daemons/job-supervisor/lifecycle/life.hpp"

#include <variant>

namespace upstart::supervisor {

namespace input {

// Commands and event expressions. Earlier blockers and callers are released as succeeded first.
struct Start {
  std::optional<StartParameters> parameters; // nothing: it keeps what it has
  std::vector<EventId> blockers = {};        // events that are blocked until the job runs (a task: has ended)
  std::optional<CallerId> caller = {};       // is answered then
};
struct Stop {
  protocol::Environment environment; // for pre-stop and post-stop
  std::vector<EventId> blockers = {};
  std::optional<CallerId> caller = {};
};
// Main is ended and started again, whatever the state; nothing when the goal is stop.
struct Restart {
  std::optional<StartParameters> parameters;
  std::optional<CallerId> caller = {};
};
// Sends the reload signal to main, if there is one.
struct Reload {};
// Sends SIGKILL to every process: the session's time is up.
struct KillAll {};
// From now on a failed main process is not started again: the session ends.
struct ForbidRespawn {};

// The environment table of the instance was changed by a client.
struct SetVariables {
  std::vector<std::string> variables; // KEY=VALUE
  bool replace = true;                // else a value that is there stays
};
struct UnsetVariables {
  std::vector<std::string> names;
};
struct ReplaceEnvironment {
  protocol::Environment environment;
};

// The starting or stopping event with this ticket has finished.
struct EventFinished {
  Ticket ticket = 0;
};

// What became of a process that a Spawn effect asked for.
struct Spawned {
  ProcessKind process = ProcessKind::main;
  pid_t pid = 0;
};
// It was not started after all (the supervisor died before): it is to be started now.
struct NeverStarted {
  ProcessKind process = ProcessKind::main;
};
// It could not be forked or executed; there is none.
struct NotExecuted {
  ProcessKind process = ProcessKind::main;
  std::string reason = {};
};
// Main is ready, as its `expect` says; `pid` is the one that is supervised from now on. 0: the one it was.
struct Ready {
  pid_t pid = 0;
};
// Another process has taken main's place.
struct MainMoved {
  pid_t pid = 0;
};
// Main was told to end, and has; what it left behind is waited for, first this process, which has main's place
// meanwhile.
struct MainLeftBehind {
  pid_t pid = 0;
};
// What main says of itself.
struct StatusReported {
  std::string text;
};
// Main asks for this much time from now on to end; a limit that leaves more stays.
struct TimeAsked {
  MonotonicTime time{0};
};
struct Ended {
  ProcessKind process = ProcessKind::main;
  int wait_status = 0; // as wait(2) tells it
};
struct KillTimeout {};

} // namespace input

using Input =
    std::variant<input::Start, input::Stop, input::Restart, input::Reload, input::KillAll, input::ForbidRespawn,
                 input::SetVariables, input::UnsetVariables, input::ReplaceEnvironment, input::EventFinished,
                 input::Spawned, input::NeverStarted, input::NotExecuted, input::Ready, input::MainMoved,
                 input::MainLeftBehind, input::StatusReported, input::TimeAsked, input::Ended, input::KillTimeout>;

} // namespace upstart::supervisor
