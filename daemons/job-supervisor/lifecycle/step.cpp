#include "daemons/job-supervisor/lifecycle/step.hpp"

#include "daemons/job-supervisor/lifecycle/process-ends.hpp"

#include <csignal>
#include <utility>

namespace upstart::supervisor {

namespace {

// Kinds of readiness that may never come, and that no time limit settles.
bool may_wait_for_ever(const JobClass& job_class) {
  bool by_expect =
      job_class.expect == Expect::stop || job_class.expect == Expect::ready_fd || job_class.expect == Expect::notify;
  return by_expect || job_class.debug; // which may wait for a debugger before it is even executed
}

void change_goal(Moving& moving, Goal goal) {
  auto& life = moving.life;
  life.restart_pending = false;
  if (goal == life.goal) return;
  if (goal == Goal::stop) life.stop_requested = true;
  bool was_pausing = end_pause(moving);
  if (life.setbacks) {
    auto& setbacks = life.setbacks.edit();
    setbacks.quick_ends = 0;
    setbacks.respawn_pause = MonotonicTime{0};
    life.setbacks.tidy();
  }
  set_goal(moving, goal);
  bool at_rest =
      life.state == State::waiting ? goal == Goal::start : life.state == State::running && goal == Goal::stop;
  bool readiness_given_up = life.state == State::spawned && goal == Goal::stop && may_wait_for_ever(moving.job_class);
  if (at_rest || readiness_given_up || was_pausing) advance(moving);
}

void block(Moving& moving, const std::vector<EventId>& events) {
  if (events.empty()) return;
  moving.life.waiting.edit().blocked_events = events;
  moving.add(effect::BlockEvents{events});
}

void add_caller(Life& life, std::optional<CallerId> caller, CommandKind command) {
  if (caller) life.waiting.edit().callers.push_back({.id = *caller, .command = command});
}

// More than twenty methods: one for each kind of input.
struct InputHandler {
  Moving& moving;
  Life& life = moving.life;

  void operator()(input::Start& start) const {
    release(moving, false);
    block(moving, start.blockers);
    if (start.parameters) life.rare.edit().pending_start = std::move(start.parameters);
    change_goal(moving, Goal::start);
    add_caller(life, start.caller, CommandKind::start);
  }
  void operator()(input::Stop& stop) const {
    release(moving, false);
    block(moving, stop.blockers);
    clear_stop_environment(life);
    if (!stop.environment.empty()) life.rare.edit().stop_environment = std::move(stop.environment);
    change_goal(moving, Goal::stop);
    add_caller(life, stop.caller, CommandKind::stop);
  }
  void operator()(input::Restart& restart) const {
    release(moving, false);
    if (restart.parameters) life.rare.edit().pending_start = std::move(restart.parameters);
    clear_stop_environment(life);
    begin_restart();
    add_caller(life, restart.caller, CommandKind::restart);
  }
  void operator()(const input::Reload&) const {
    if (life.process(ProcessKind::main).pid > 0)
      moving.add(effect::SignalProcess{ProcessKind::main, moving.job_class.reload_signal});
  }
  void operator()(const input::KillAll&) const {
    for (std::size_t i = 0; i < process_kinds; ++i)
      if (life.processes[i].pid > 0) moving.add(effect::Signal{static_cast<ProcessKind>(i), SIGKILL});
  }
  void operator()(const input::ForbidRespawn&) const { life.may_respawn = false; }

  void operator()(input::SetVariables& set) const {
    for (const auto& variable : set.variables) life.environment.set_string(variable, set.replace);
    moving.add(effect::ExpandStopOn{});
  }
  void operator()(input::UnsetVariables& unset) const {
    for (const auto& name : unset.names) life.environment.unset(name);
    moving.add(effect::ExpandStopOn{});
  }
  void operator()(input::ReplaceEnvironment& replace) const {
    life.environment = std::move(replace.environment);
    moving.add(effect::ExpandStopOn{});
  }

  void operator()(const input::EventFinished& finished) const {
    if (life.awaited_event != finished.ticket) return;
    life.awaited_event.reset();
    if (!begin_pause(moving)) advance(moving);
  }
  void operator()(const input::Spawned& spawned) const {
    if (life.alive(spawned.process)) life.process(spawned.process).pid = spawned.pid;
  }
  void operator()(const input::NeverStarted& process) const {
    if (!life.alive(process.process) || life.process(process.process).pid != 0) return;
    bool told_to_end = process.process == ProcessKind::main ? life.main_killed : life.hook_killed;
    if (told_to_end) process_ended(moving, process.process, SIGKILL);
    else spawn(moving, process.process);
  }
  void operator()(const input::NotExecuted& failed) const {
    process_not_executed(moving, failed.process, failed.reason);
  }
  void operator()(const input::Ready& ready) const {
    if (!life.alive(ProcessKind::main)) return;
    if (ready.pid > 0) life.process(ProcessKind::main).pid = ready.pid;
    if (life.state == State::spawned) advance(moving);
  }
  void operator()(const input::MainMoved& moved) const {
    if (life.alive(ProcessKind::main)) life.process(ProcessKind::main).pid = moved.pid;
  }
  void operator()(const input::MainLeftBehind& left) const {
    auto& main = life.process(ProcessKind::main);
    if (!main.alive || main.pid == left.pid) return;
    if (life.rare->ended_main == 0) life.rare.edit().ended_main = main.pid;
    main.pid = left.pid;
  }
  void operator()(input::StatusReported& status) const { life.rare.edit().status_text = std::move(status.text); }
  void operator()(const input::TimeAsked& asked) const {
    if (life.state == State::killed && life.alive(ProcessKind::main)) put_off_kill(moving, asked.time);
  }
  void operator()(const input::Ended& ended) const { process_ended(moving, ended.process, ended.wait_status); }
  void operator()(const input::KillTimeout&) const {
    if (!life.setbacks->pausing) return kill_awaited_process(moving);
    life.setbacks.edit().pausing = false;
    life.kill_deadline.reset();
    advance(moving);
  }

private:
  // Entering stopping turns the goal round; it may have been entered already.
  void begin_restart() const {
    if (life.goal == Goal::stop || is_going_round(life.state)) return; // it is on its way already, if it is to run
    change_goal(moving, Goal::stop);
    if (life.state == State::stopping) set_goal(moving, Goal::start);
    else life.restart_pending = true;
  }
};

} // namespace

Step step(Life life, const JobClass& job_class, Input input, MonotonicTime now) {
  Step result{.life = std::move(life), .effects = {}};
  Moving moving{.life = result.life, .job_class = job_class, .now = now, .effects = result.effects};
  std::visit(InputHandler{moving}, input);
  return result;
}

} // namespace upstart::supervisor
