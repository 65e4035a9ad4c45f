#include "daemons/job-supervisor/lifecycle/machine.hpp"

#include <sys/wait.h>

#include <algorithm>
#include <iterator>

namespace upstart::supervisor {

namespace {

// Kinds of readiness that may never come, and that nothing settles.
bool may_wait_for_ever(const JobClass& job_class) {
  bool by_expect =
      job_class.expect == Expect::stop || job_class.expect == Expect::ready_fd || job_class.expect == Expect::notify;
  return by_expect || job_class.debug; // which may wait for a debugger before it is even executed
}

bool is_normal_exit(const JobClass& job_class, int wait_status) {
  bool signal = WIFSIGNALED(wait_status);
  NormalExit end{.number = signal ? WTERMSIG(wait_status) : WEXITSTATUS(wait_status), .signal = signal};
  return std::ranges::find(job_class.normal_exits, end) != job_class.normal_exits.end();
}

} // namespace

int failed_status(int wait_status) {
  return WIFSIGNALED(wait_status) ? WTERMSIG(wait_status) << 8 : WEXITSTATUS(wait_status);
}

bool is_failure(const JobClass& job_class, int wait_status) {
  bool ended_well = wait_status == 0 && !(job_class.respawn && !job_class.task);
  return !ended_well && !is_normal_exit(job_class, wait_status);
}

std::optional<ProcessKind> process_of(State state) {
  switch (state) {
  case State::security: return ProcessKind::security;
  case State::pre_start: return ProcessKind::pre_start;
  case State::spawned: return ProcessKind::main;
  case State::post_start: return ProcessKind::post_start;
  case State::pre_stop: return ProcessKind::pre_stop;
  case State::killed: return ProcessKind::main;
  case State::post_stop: return ProcessKind::post_stop;
  default: return std::nullopt;
  }
}

Actions Machine::change_goal(Goal goal) {
  restart_pending_ = false;
  if (goal == goal_) return take();
  if (goal == Goal::stop) stop_asked_ = true;
  set_goal(goal);
  if ((state_ == State::waiting && goal == Goal::start) || (state_ == State::running && goal == Goal::stop)) advance();
  else if (state_ == State::spawned && goal == Goal::stop && may_wait_for_ever(*class_)) advance();
  return take();
}

Actions Machine::restart() {
  if (goal_ == Goal::stop || is_going_round()) return take(); // it is on its way already, if it is to run
  auto actions = change_goal(Goal::stop);
  // Entering stopping turns the goal round; it may have been entered already.
  if (state_ == State::stopping) set_goal(Goal::start);
  else restart_pending_ = true;
  std::ranges::move(take(), std::back_inserter(actions));
  return actions;
}

bool Machine::is_going_round() const {
  return state_ == State::stopping || state_ == State::killed || state_ == State::post_stop;
}

void Machine::set_goal(Goal goal) {
  if (goal == goal_) return;
  goal_ = goal;
  actions_.push_back({.what = What::goal_changed, .goal = goal});
  limit_hook();
}

void Machine::advance() {
  bool respawns = goal_ == Goal::respawn;
  State next = next_state(state_, goal_, alive(ProcessKind::main));
  if (respawns) set_goal(Goal::start);
  // Started again while a hook still ran, after main had ended: round once more, never running without it.
  bool lost_main = class_->command(ProcessKind::main) && !alive(ProcessKind::main);
  if (next == State::running && lost_main) next = State::stopping;
  go_to(next);
}

void Machine::go_to(State state) {
  while (enter(state)) state = next_state(state_, goal_, alive(ProcessKind::main));
}

bool Machine::enter(State state) {
  came_from_ = std::exchange(state_, state);
  actions_.push_back({.what = What::state_changed, .state = state});
  switch (state) {
  case State::waiting: return enter_waiting();
  case State::starting: return enter_starting();
  case State::security_spawning: return run(ProcessKind::security);
  case State::security: return is_done(ProcessKind::security);
  case State::pre_starting:
    return run(class_->has(ProcessKind::tmpfiles) ? ProcessKind::tmpfiles : ProcessKind::pre_start);
  case State::pre_start: return is_done(ProcessKind::tmpfiles) && is_done(ProcessKind::pre_start);
  case State::spawning: return run(ProcessKind::main);
  case State::spawned: return is_done(ProcessKind::main);
  case State::post_starting: return run(ProcessKind::post_start);
  case State::post_start: return is_done(ProcessKind::post_start);
  case State::running: return enter_running();
  case State::pre_stopping: return run(ProcessKind::pre_stop);
  case State::pre_stop: return is_done(ProcessKind::pre_stop);
  case State::stopping: return enter_stopping();
  case State::killed: return enter_killed();
  case State::post_stopping: return enter_post_stopping();
  case State::post_stop: return is_done(ProcessKind::post_stop);
  }
  return false;
}

// Spawns the process if the class has one. The states that spawn are always passed through.
bool Machine::run(ProcessKind process) {
  if (!class_->has(process)) return true;
  set_alive(process, true);
  if (process != ProcessKind::main) {
    hook_begun_under_ = goal_;
    killed_hook_ = false;
  }
  act(What::spawn, process);
  return true;
}

bool Machine::enter_starting() {
  failure_.reset();
  stop_asked_ = false;
  killed_main_ = false;
  waits_for_event_ = true;
  act(What::take_start_environment);
  act(What::emit_starting);
  return false;
}

bool Machine::enter_running() {
  if (came_from_ == State::pre_stop) {
    act(What::drop_stop_environment);
    act(What::release);
    return false;
  }
  act(What::emit_started);
  if (!class_->task) act(What::release);
  return false;
}

bool Machine::enter_stopping() {
  waits_for_event_ = true;
  act(What::emit_stopping);
  if (std::exchange(restart_pending_, false)) set_goal(Goal::start);
  return false;
}

bool Machine::enter_killed() {
  if (!alive(ProcessKind::main)) return true;
  killed_main_ = true;
  if (class_->kill_timeout.count() == 0) {
    act(What::kill, ProcessKind::main);
    return false;
  }
  act(What::terminate, ProcessKind::main);
  act(What::start_kill_timer);
  kill_timer_runs_ = true;
  return false;
}

bool Machine::enter_post_stopping() {
  if (killed_main_) act(What::kill_leftovers);
  else if (stop_asked_) act(What::end_leftovers);
  return run(ProcessKind::post_stop);
}

bool Machine::enter_waiting() {
  act(What::emit_stopped);
  act(What::release);
  act(What::remove);
  return false;
}

// The process that the state waits for.
std::optional<ProcessKind> Machine::awaited_process() const {
  if (state_ == State::pre_start && alive(ProcessKind::tmpfiles)) return ProcessKind::tmpfiles;
  auto process = process_of(state_);
  return process && alive(*process) ? process : std::nullopt;
}

// A process of the present state that was begun under another goal gets the kill timeout to end, while that is so.
void Machine::limit_hook() {
  auto process = awaited_process();
  if (!process || *process == ProcessKind::main) return;
  bool limited = goal_ != hook_begun_under_;
  if (limited == std::exchange(kill_timer_runs_, limited)) return;
  act(limited ? What::start_kill_timer : What::stop_kill_timer);
}

Actions Machine::kill_timeout_expired() {
  if (!std::exchange(kill_timer_runs_, false)) return take();
  if (auto process = awaited_process()) {
    killed_hook_ = *process != ProcessKind::main;
    act(What::kill, *process);
  }
  return take();
}

Actions Machine::event_finished() {
  if (std::exchange(waits_for_event_, false)) advance();
  return take();
}

Actions Machine::ready() {
  if (state_ == State::spawned) advance();
  return take();
}

bool Machine::forget_process(ProcessKind process) {
  bool awaited = awaited_process() == process;
  set_alive(process, false);
  if (awaited && std::exchange(kill_timer_runs_, false)) act(What::stop_kill_timer);
  return awaited;
}

Actions Machine::not_executed(ProcessKind process) {
  if (!alive(process)) return take();
  bool awaited = forget_process(process);
  if (process != ProcessKind::post_start && process != ProcessKind::pre_stop) stop_because_of(process, std::nullopt);
  if (awaited || state_ == State::running) advance();
  return take();
}

Actions Machine::ended(ProcessKind process, int wait_status, MonotonicTime now) {
  if (!alive(process)) return take();
  bool awaited = forget_process(process);
  if (process == ProcessKind::main) main_ended(wait_status, now);
  else hook_ended(process, wait_status, awaited);
  return take();
}

void Machine::hook_ended(ProcessKind process, int wait_status, bool awaited) {
  bool prepares = process == ProcessKind::tmpfiles || process == ProcessKind::pre_start;
  bool ended_by_us = killed_hook_ && goal_ == Goal::stop; // what a stop had to end has not failed
  bool matters = (prepares && !ended_by_us) || process == ProcessKind::post_stop;
  if (matters && wait_status != 0) stop_because_of(process, wait_status);
  if (process == ProcessKind::tmpfiles && goal_ == Goal::start) run(ProcessKind::pre_start);
  if (awaited && !awaited_process()) advance();
}

void Machine::main_ended(int wait_status, MonotonicTime now) {
  bool moves = state_ == State::spawned || state_ == State::running || state_ == State::killed;
  bool asked = goal_ != Goal::start || state_ == State::stopping || state_ == State::killed;
  if (!asked) main_ended_unasked(wait_status, now, moves);
  else if (moves) state_ == State::spawned ? go_to(State::stopping) : advance();
}

void Machine::main_ended_unasked(int wait_status, MonotonicTime now, bool moves) {
  bool failed = is_failure(*class_, wait_status);
  bool respawns = failed && class_->respawn && may_respawn_;
  if (respawns && !respawns_too_fast(now)) {
    act(What::report_respawn, ProcessKind::main);
    if (!moves) return set_goal(Goal::respawn);
    return go_to(State::stopping);
  }
  if (respawns) {
    act(What::report_too_fast);
    fail(std::nullopt, std::nullopt);
  } else if (failed) {
    fail(ProcessKind::main, wait_status);
  }
  set_goal(Goal::stop);
  if (moves) advance();
}

void Machine::stop_because_of(ProcessKind process, std::optional<int> wait_status) {
  fail(process, wait_status);
  restart_pending_ = false;
  set_goal(Goal::stop);
}

// Only the first failure is told; but who has come to wait since then waits for a job that has failed, too.
void Machine::fail(std::optional<ProcessKind> process, std::optional<int> wait_status) {
  if (!failure_) {
    failure_ = Failure{.process = process, .wait_status = wait_status};
    int status = !process ? 0 : wait_status ? failed_status(*wait_status) : -1;
    actions_.push_back({.what = What::failed, .status = status});
  }
  act(What::release_failed);
}

bool Machine::respawns_too_fast(MonotonicTime now) {
  const auto& limit = class_->respawn_limit;
  if (limit.count == 0 || limit.interval.count() == 0) return false;
  if (respawns_ == 0 || now - first_respawn_ >= limit.interval) {
    first_respawn_ = now;
    respawns_ = 1;
    return false;
  }
  return ++respawns_ > limit.count;
}

} // namespace upstart::supervisor
