// The life of one job as a pure state machine: something happens, the machine changes its goal and state and says, as
// a list of actions in order, what is to be done about it. It knows no process, no bus and no clock; whoever owns it
// does the actions (jobs/job.hpp) and tells it what came of them, as further happenings, never from within.
//
//   change_goal, restart      a command or an event expression wants something else
//   event_finished            the starting or stopping event that the state waits for has finished
//   ready, not_executed, ended what became of a process that an action spawned
//   kill_timeout_expired      the timer that an action started has run out
//
// Invariants: the state waits for at most one thing; `release` (blockers are let go) is said exactly once for each
// blocker taken; after goal stop, waiting is reached once all processes have ended and all events have finished.
#pragma once

#include "daemons/job-supervisor/language/model/job-class.hpp"
#include "daemons/job-supervisor/lifecycle/state.hpp"

#include <array>
#include <chrono>
#include <optional>
#include <utility>
#include <vector>

namespace upstart::supervisor {

using MonotonicTime = std::chrono::milliseconds; // since any fixed point

struct Action {
  enum class What : std::uint8_t {
    goal_changed,           // tell that `goal` is the goal now
    state_changed,          // tell that `state` is the state now
    failed,                 // tell that the job failed, with `status` as the Failed signal has it
    take_start_environment, // the environment given with the start becomes the job's
    drop_stop_environment,  // the stop was cancelled
    emit_starting,
    emit_started,
    emit_stopping,
    emit_stopped,
    release,          // events and callers that the job blocks are let go, as succeeded
    release_failed,   // the same, as failed
    spawn,            // start `process`
    terminate,        // send the kill signal to `process`
    kill,             // send SIGKILL to `process`
    kill_leftovers,   // end whatever the stopped job left behind: it has had its time
    end_leftovers,    // the same, but nobody has asked it to end yet
    start_kill_timer, // the class's kill timeout, from now
    stop_kill_timer,
    report_respawn,  // log that `process` ended and is respawned
    report_too_fast, // log that the respawn limit was hit
    remove,          // the job is fully stopped: it goes
  };
  What what;
  Goal goal = Goal::stop;
  State state = State::waiting;
  ProcessKind process = ProcessKind::main;
  int status = 0;
  friend bool operator==(const Action&, const Action&) = default;
};
using Actions = std::vector<Action>;

// The first thing that went wrong in this run of the job.
struct Failure {
  std::optional<ProcessKind> process; // nothing: the respawn limit
  std::optional<int> wait_status;     // nothing: it could not be executed, or the respawn limit
  friend bool operator==(const Failure&, const Failure&) = default;
};

class Machine {
public:
  // `job_class` must outlive the machine.
  explicit Machine(const JobClass& job_class) : class_{&job_class} {}

  [[nodiscard]] Actions change_goal(Goal goal);
  // Main is ended and started again, whatever the state; nothing when the goal is stop.
  [[nodiscard]] Actions restart();
  [[nodiscard]] Actions event_finished();
  [[nodiscard]] Actions ready();
  [[nodiscard]] Actions not_executed(ProcessKind process);
  [[nodiscard]] Actions ended(ProcessKind process, int wait_status, MonotonicTime now);
  [[nodiscard]] Actions kill_timeout_expired();

  // From now on a failed main process is not started again (the session ends).
  void forbid_respawn() { may_respawn_ = false; }

  [[nodiscard]] Goal goal() const { return goal_; }
  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] const std::optional<Failure>& failure() const { return failure_; }
  [[nodiscard]] bool alive(ProcessKind process) const { return alive_[static_cast<std::size_t>(process)]; }
  // Running, or on its way there without anything more being asked: also while a restart waits for a hook to end.
  [[nodiscard]] bool is_to_run() const { return goal_ == Goal::start || restart_pending_; }
  [[nodiscard]] bool is_to_stop() const { return goal_ == Goal::stop && !restart_pending_; }
  [[nodiscard]] bool waits_for_event() const { return waits_for_event_; }

private:
  using What = Action::What;

  Actions take() { return std::exchange(actions_, {}); }
  void act(What what) { actions_.push_back({.what = what}); }
  void act(What what, ProcessKind process) { actions_.push_back({.what = what, .process = process}); }
  void set_goal(Goal goal);
  void advance();
  void go_to(State state);
  bool enter(State state); // true: passed through at once
  bool run(ProcessKind process);
  [[nodiscard]] bool is_going_round() const; // with goal start: a restart or respawn is under way
  [[nodiscard]] bool is_done(ProcessKind process) const { return !alive(process); }
  void set_alive(ProcessKind process, bool alive) { alive_[static_cast<std::size_t>(process)] = alive; }

  bool enter_starting();
  bool enter_running();
  bool enter_stopping();
  bool enter_killed();
  bool enter_post_stopping();
  bool enter_waiting();

  void main_ended(int wait_status, MonotonicTime now);
  void main_ended_unasked(int wait_status, MonotonicTime now, bool moves);
  void hook_ended(ProcessKind process, int wait_status, bool awaited);
  void fail(std::optional<ProcessKind> process, std::optional<int> wait_status);
  void stop_because_of(ProcessKind process, std::optional<int> wait_status);
  void limit_hook();
  bool forget_process(ProcessKind process); // true: the state waited for it
  [[nodiscard]] std::optional<ProcessKind> awaited_process() const;
  [[nodiscard]] bool respawns_too_fast(MonotonicTime now);

  const JobClass* class_;
  Actions actions_;
  Goal goal_ = Goal::stop;
  State state_ = State::waiting;
  State came_from_ = State::waiting;
  Goal hook_begun_under_ = Goal::stop;
  std::array<bool, process_kinds> alive_{};
  std::optional<Failure> failure_;
  bool waits_for_event_ = false;
  bool restart_pending_ = false;
  bool stop_asked_ = false; // of this run, by a command or event: what is left behind is not wanted any more
  bool killed_main_ = false;
  bool killed_hook_ = false;
  bool kill_timer_runs_ = false;
  bool may_respawn_ = true;
  unsigned respawns_ = 0;
  MonotonicTime first_respawn_{0};
};

// The number that the signal Failed carries for a wait status: the exit status, or the signal's number shifted left
// by eight bits.
[[nodiscard]] int failed_status(int wait_status);
// Is this end of a main process that nobody asked for a failure of its job?
[[nodiscard]] bool is_failure(const JobClass& job_class, int wait_status);
// The process that belongs to this state (pre-start to pre_start and so on), if any.
[[nodiscard]] std::optional<ProcessKind> process_of(State state);

} // namespace upstart::supervisor
