#include "daemons/job-supervisor/lifecycle/transitions.hpp"

#include "daemons/job-supervisor/lifecycle/variables.hpp"

#include <csignal>
#include <utility>

namespace upstart::supervisor {

namespace {

void arm_kill_timer(Moving& moving) {
  moving.life.kill_deadline = moving.now + moving.job_class.kill_timeout;
  moving.add(effect::ArmKillTimer{.after = moving.job_class.kill_timeout});
}

// A hook gets the kill timeout to end when nobody waits for it any more: the goal is not the one that it was started
// under. The limit is lifted when the goal turns back, but not while the main process is gone that it belongs to.
void limit_hook(Moving& moving) {
  auto process = awaited_process(moving.life);
  if (!process || *process == ProcessKind::main) return;
  bool limited = moving.life.kill_deadline.has_value();
  if (moving.life.goal != moving.life.hook_goal) {
    if (!limited) arm_kill_timer(moving);
  } else if (limited && !has_lost_main(moving)) {
    disarm_kill_timer(moving);
  }
}

void emit(Moving& moving, JobEvent event, bool awaited) {
  auto& life = moving.life;
  bool with_result = event == JobEvent::stopping || event == JobEvent::stopped;
  if (awaited) life.awaited_event = ++life.last_ticket;
  moving.add(effect::Emit{.event = event,
                          .environment = event_environment(life, moving.job_class, with_result),
                          .ticket = awaited ? life.last_ticket : 0});
}

// What the start brought, in place of what the last run was given; where it is a respawn, that stays.
void take_start_parameters(Moving& moving) {
  auto& life = moving.life;
  if (life.rare) {
    auto& parts = life.rare.edit();
    if (auto start = std::exchange(parts.pending_start, std::nullopt)) {
      life.environment = std::move(start->environment);
      parts.files = std::move(start->files);
      parts.positional = std::move(start->positional);
    }
    parts.ignored_failures.clear();
    clear_stop_environment(life);
  }
  moving.add(effect::ExpandStopOn{});
}

bool enter_starting(Moving& moving) {
  auto& life = moving.life;
  if (life.setbacks) {
    auto& setbacks = life.setbacks.edit();
    setbacks.failure.reset();
    setbacks.respawned_after.reset();
    life.setbacks.tidy();
  }
  life.stop_requested = false;
  life.main_killed = false;
  take_start_parameters(moving);
  emit(moving, JobEvent::starting, true);
  return false;
}

bool enter_running(Moving& moving) {
  if (moving.life.previous_state == State::pre_stop) {
    clear_stop_environment(moving.life);
    release(moving, false);
    return false;
  }
  emit(moving, JobEvent::started, false);
  if (!moving.job_class.task) release(moving, false);
  return false;
}

bool enter_stopping(Moving& moving) {
  emit(moving, JobEvent::stopping, true);
  if (std::exchange(moving.life.restart_pending, false)) set_goal(moving, Goal::start);
  return false;
}

bool enter_killed(Moving& moving) {
  if (!moving.life.alive(ProcessKind::main)) return true;
  moving.life.main_killed = true;
  bool at_once = moving.job_class.kill_timeout.count() == 0;
  moving.add(effect::Signal{ProcessKind::main, at_once ? SIGKILL : moving.job_class.kill_signal});
  if (!at_once) arm_kill_timer(moving);
  return false;
}

bool enter_post_stopping(Moving& moving) {
  if (moving.life.main_killed) moving.add(effect::KillStrays{});
  else if (moving.life.stop_requested)
    moving.add(effect::EndStrays{.signal = moving.job_class.kill_signal, .grace = moving.job_class.kill_timeout});
  run(moving, ProcessKind::post_stop);
  return true;
}

bool enter_waiting(Moving& moving) {
  emit(moving, JobEvent::stopped, false);
  release(moving, false);
  moving.add(effect::Remove{});
  return false;
}

bool spawn_and_pass(Moving& moving, ProcessKind process) {
  run(moving, process);
  return true;
}

ProcessKind first_of_pre_start(const JobClass& job_class) {
  return job_class.has(ProcessKind::tmpfiles) ? ProcessKind::tmpfiles : ProcessKind::pre_start;
}

// True: passed through at once.
bool enter(Moving& moving, State state) {
  auto& life = moving.life;
  life.previous_state = std::exchange(life.state, state);
  moving.add(effect::StateChanged{state});
  switch (state) {
  case State::waiting: return enter_waiting(moving);
  case State::starting: return enter_starting(moving);
  case State::security_spawning: return spawn_and_pass(moving, ProcessKind::security);
  case State::pre_starting: return spawn_and_pass(moving, first_of_pre_start(moving.job_class));
  case State::spawning: return spawn_and_pass(moving, ProcessKind::main);
  case State::post_starting: return spawn_and_pass(moving, ProcessKind::post_start);
  case State::pre_stopping: return spawn_and_pass(moving, ProcessKind::pre_stop);
  case State::post_stopping: return enter_post_stopping(moving);
  case State::running: return enter_running(moving);
  case State::stopping: return enter_stopping(moving);
  case State::killed: return enter_killed(moving);
  case State::security:
  case State::pre_start:
  case State::spawned:
  case State::post_start:
  case State::pre_stop:
  case State::post_stop: return !awaited_process(life);
  }
  return false;
}

} // namespace

bool has_lost_main(const Moving& moving) {
  bool needs_main = moving.life.state == State::post_start || moving.life.state == State::pre_stop;
  return needs_main && moving.job_class.has(ProcessKind::main) && !moving.life.alive(ProcessKind::main);
}

bool is_going_round(State state) {
  return state == State::stopping || state == State::killed || state == State::post_stop;
}

void disarm_kill_timer(Moving& moving) {
  if (!std::exchange(moving.life.kill_deadline, std::nullopt)) return;
  moving.add(effect::DisarmKillTimer{});
}

void put_off_kill(Moving& moving, MonotonicTime time) {
  if (!moving.life.kill_deadline || moving.now + time <= *moving.life.kill_deadline) return;
  disarm_kill_timer(moving);
  moving.life.kill_deadline = moving.now + time;
  moving.add(effect::ArmKillTimer{.after = time});
}

bool begin_pause(Moving& moving) {
  auto& life = moving.life;
  if (life.state != State::starting) return false;
  auto pause = life.setbacks->respawn_pause;
  if (pause.count() == 0) return false;
  auto& setbacks = life.setbacks.edit();
  setbacks.respawn_pause = MonotonicTime{0};
  if (life.goal != Goal::start) return false;
  setbacks.pausing = true;
  life.kill_deadline = moving.now + pause;
  moving.add(effect::ArmKillTimer{.after = pause});
  return true;
}

bool end_pause(Moving& moving) {
  if (!moving.life.setbacks->pausing) return false;
  moving.life.setbacks.edit().pausing = false;
  disarm_kill_timer(moving);
  return true;
}

void set_goal(Moving& moving, Goal goal) {
  if (goal == moving.life.goal) return;
  moving.life.goal = goal;
  moving.add(effect::GoalChanged{goal});
  limit_hook(moving);
}

void advance(Moving& moving) {
  auto& life = moving.life;
  State next = next_state(life.state, life.goal, life.alive(ProcessKind::main));
  if (life.goal == Goal::respawn) set_goal(moving, Goal::start);
  // Started again while a hook still ran, after main had ended: round once more, never running without it.
  if (next == State::running && has_lost_main(moving)) next = State::stopping;
  go_to(moving, next);
}

void go_to(Moving& moving, State state) {
  while (enter(moving, state))
    state = next_state(moving.life.state, moving.life.goal, moving.life.alive(ProcessKind::main));
}

void run(Moving& moving, ProcessKind process) {
  auto& life = moving.life;
  if (!moving.job_class.has(process)) return;
  life.process(process) = {.alive = true};
  if (process == ProcessKind::main) {
    life.main_started = moving.now;
  } else {
    life.hook_goal = life.goal;
    life.hook_killed = false;
  }
  spawn(moving, process);
}

void spawn(Moving& moving, ProcessKind process) {
  const auto& life = moving.life;
  moving.add(effect::Spawn{.process = process,
                           .environment = process_environment(life, process),
                           .files = life.rare->files,
                           .positional = life.rare->positional});
}

void clear_stop_environment(Life& life) {
  if (!life.rare) return;
  life.rare.edit().stop_environment.clear();
  life.rare.tidy();
}

void release(Moving& moving, bool failed) {
  auto& life = moving.life;
  auto waiting = std::exchange(life.waiting, {});
  if (!waiting) return;
  auto& released = waiting.edit();
  if (!released.blocked_events.empty()) moving.add(effect::ReleaseEvents{std::move(released.blocked_events), failed});
  for (auto caller : released.callers)
    moving.add(effect::Answer{.caller = caller.id, .command = caller.command, .failed = failed});
}

} // namespace upstart::supervisor
