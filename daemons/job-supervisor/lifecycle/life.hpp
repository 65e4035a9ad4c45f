// The life of one job: all that decides what happens to it next, as a value. No pointer, closure, clock or descriptor
// is in it, so a life can be written down, compared, copied, replayed, simulated and explained. `step` (step.hpp) is
// what changes it: something happens (input.hpp), the life moves on and says what is to be done about it (effect.hpp).
//
// Goal and state. A job has a goal (stop, start; respawn while it is on its way to being started again) and is in one
// of seventeen states (state.hpp). It goes from state to state by the table of lifecycle.md, with its goal as the only
// fork in the road. Most states are passed through at once. A job rests only
//   - in waiting and running, until somebody wants something else;
//   - in starting and stopping, until the event that it emitted there has finished (`awaited_event`), and in starting
//     then for a pause, where main ends again and again and respawn has no limit (`pausing`);
//   - in security, pre-start, spawned, post-start, pre-stop, killed and post-stop, until the process of that state has
//   ended
//     or, in spawned, is ready (`process_of`).
// A change of goal moves a job at once only from waiting and running (and from a readiness that may never come, and
// from a pause); elsewhere what is in flight ends first, and the goal that holds then decides. That is why two flags
// outlive a change of goal: `restart_pending` (stop now, turn to start in stopping) and `stop_requested`.
//
// What is owed is never dropped by a change of goal. A main process that has ended while a hook runs is owed a new one,
// or a stop, when the hook has ended: the job never goes on to running without its main process. A hook that nobody
// waits for any more (the goal is not the one that it was started under) gets a time limit; turning the goal back lifts
// the limit, but not while the main process is gone that the hook belongs to.
//
// What the supervisor ended has not failed. A process that was killed by a time limit or by a stop says nothing about
// its job: RESULT, answers and events are decided as if it had not been there, and where its work is needed after all
// (a pre-start that was killed, and then the goal turned back) the job goes round by stopping and begins anew.
//
// Invariants, kept by `step` and checked by the random lives (random-lives-test.cpp):
//   - a job waits for at most one thing: `awaited_event` is set exactly in starting and stopping until it is answered
//     (`pausing` comes after it), and
//     at most one process other than main is alive (tmpfiles and pre-start follow one another);
//   - every caller and every event taken is released exactly once;
//   - a kill timer runs only while a process that it limits is alive, or for a pause;
//   - with goal stop, once all processes have ended and all events have finished, the job is in waiting, and has no
//   process.
#pragma once

#include "daemons/base/values/rare.hpp"
#include "daemons/job-supervisor/expression/expression-state.hpp"
#include "daemons/job-supervisor/language/model/job-class.hpp"
#include "daemons/job-supervisor/lifecycle/state.hpp"
#include "protocol/environment.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace upstart::supervisor {

using MonotonicTime = std::chrono::milliseconds; // since any fixed point

using CallerId = std::uint64_t; // who waits for an answer to a command; from 1
using FileId = std::uint64_t;   // a descriptor that came with an event; from 1
using Ticket = std::uint64_t; // of an event that this job emitted and waits for; from 1, counted by each job for itself

enum class CommandKind : std::uint8_t { start, stop, restart };

// What a start gives to a job; taken when it enters starting.
struct StartParameters {
  protocol::Environment environment;
  std::vector<FileId> files = {};           // become the main process's descriptors 3, 4, …
  std::vector<std::string> positional = {}; // $1 $2 … of its scripts (event.d)
  friend bool operator==(const StartParameters&, const StartParameters&) = default;
};

// The first thing that went wrong in this run of the job.
struct Failure {
  std::optional<ProcessKind> process; // nothing: the respawn limit
  std::optional<int> wait_status;     // nothing: it could not be executed, or the respawn limit
  friend bool operator==(const Failure&, const Failure&) = default;
};

// Somebody who has given a command and waits for its outcome.
struct Caller {
  CallerId id = 0;
  CommandKind command = CommandKind::start;
  friend bool operator==(const Caller&, const Caller&) = default;
};

struct LiveProcess {
  bool alive = false; // from the moment in which it is to be started until its end is told
  pid_t pid = 0;      // 0 until it is there
  friend bool operator==(const LiveProcess&, const LiveProcess&) = default;
};

// Who is answered, and which events are released, when the job is where they send it, or has failed.
struct Waiting {
  std::vector<EventId> blocked_events; // which do not finish before
  std::vector<Caller> callers;
  friend bool operator==(const Waiting&, const Waiting&) = default;
};

// Of a job whose processes have failed.
struct Setbacks {
  std::optional<Failure> failure;         // of this run
  std::optional<Failure> respawned_after; // how main ended that is being respawned; for the hooks on the way
  unsigned respawns = 0;                  // within the window that began with
  MonotonicTime first_respawn{0};
  unsigned quick_ends = 0;        // where respawn has no limit: of main, one after the other, that each came soon
  MonotonicTime respawn_pause{0}; // how long starting waits this time before it goes on; 0: not at all
  bool pausing = false;           // it waits so, until the kill timer, which limits nothing then
  friend bool operator==(const Setbacks&, const Setbacks&) = default;
};

// What few jobs have, and most only for a moment.
struct RareParts {
  protocol::Environment stop_environment;       // what the stop brought, for pre-stop and post-stop
  std::vector<FileId> files;                    // of this run
  std::vector<std::string> positional;          // of this run
  std::optional<StartParameters> pending_start; // of the next run
  std::string status_text;                      // what main last said of itself (STATUS= of expect notify)
  std::vector<std::string> ignored_failures;    // of this run's processes whose outcome does not count: which and how
  // Main, when it has ended as it was told to: `processes` has one that it left behind, which is waited for. 0: none.
  pid_t ended_main = 0;
  friend bool operator==(const RareParts&, const RareParts&) = default;
};

// More members than ten: it is the whole of a job, and nothing but data.
struct Life {
  std::string instance; // its name; empty for the only instance of a class

  Goal goal = Goal::stop;
  State state = State::waiting;
  State previous_state = State::waiting;
  std::optional<Ticket> awaited_event; // the starting or stopping event that the state waits for
  Ticket last_ticket = 0;

  std::array<LiveProcess, process_kinds> processes{}; // by ProcessKind
  Goal hook_goal = Goal::stop;                        // the goal under which the hook that runs was started
  bool hook_killed = false;                           // that hook was sent SIGKILL by a time limit
  bool main_killed = false;                           // main was told to end by this run's stop, restart or respawn
  std::optional<MonotonicTime> kill_deadline;         // when what the state waits for is killed

  bool restart_pending = false;  // the goal is stop, and turns to start in stopping
  bool stop_requested = false;   // of this run, by a command or event: what is left behind is not wanted any more
  bool may_respawn = true;       // not while the session ends
  MonotonicTime main_started{0}; // when main was last started
  base::Rare<Setbacks> setbacks;

  protocol::Environment environment; // of this run
  base::Rare<RareParts> rare;

  base::Rare<Waiting> waiting;
  ExpressionState stop_on; // which of its events `stop on` holds

  [[nodiscard]] const LiveProcess& process(ProcessKind kind) const { return processes[static_cast<std::size_t>(kind)]; }
  [[nodiscard]] LiveProcess& process(ProcessKind kind) { return processes[static_cast<std::size_t>(kind)]; }
  [[nodiscard]] bool alive(ProcessKind kind) const { return process(kind).alive; }
  // Running, or on its way there without anything more being asked: also while a restart waits for a hook to end.
  [[nodiscard]] bool is_to_run() const { return goal == Goal::start || restart_pending; }
  [[nodiscard]] bool is_to_stop() const { return goal == Goal::stop && !restart_pending; }

  friend bool operator==(const Life&, const Life&) = default;
};

// The process that belongs to this state (pre-start to pre_start and so on), if any.
[[nodiscard]] std::optional<ProcessKind> process_of(State state);
// The process that the state waits for; nothing where it waits for none.
[[nodiscard]] std::optional<ProcessKind> awaited_process(const Life& life);

// "JOB", or "JOB (INSTANCE)" where it has a name: how messages call a job.
[[nodiscard]] std::string title(const JobClass& job_class, std::string_view instance);

} // namespace upstart::supervisor
