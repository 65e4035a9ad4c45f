#include "daemons/job-supervisor/lifecycle/process-ends.hpp"

#include "daemons/job-supervisor/lifecycle/failure.hpp"
#include "daemons/job-supervisor/lifecycle/variables.hpp"

#include <sys/wait.h>

#include <algorithm>
#include <csignal>
#include <format>
#include <utility>

namespace upstart::supervisor {

namespace {

bool is_preparation(ProcessKind process) {
  return process == ProcessKind::security || process == ProcessKind::tmpfiles || process == ProcessKind::pre_start;
}

std::string how_it_ended(int wait_status) {
  return WIFSIGNALED(wait_status) ? std::format("killed by {} signal", signal_name(WTERMSIG(wait_status)))
                                  : std::format("terminated with status {}", WEXITSTATUS(wait_status));
}

// For those who ask why; what it led to is said behind how it ended.
void record_end(Moving& moving, RecordKind kind, ProcessKind process, int wait_status, const std::string& then) {
  moving.add(effect::Record{kind, std::format("{} process {}; {}", name_of(process), how_it_ended(wait_status), then)});
}

// The outcome of some processes changes nothing; whoever asks is told of it nevertheless.
bool is_ignored(ProcessKind process) {
  return process == ProcessKind::post_start || process == ProcessKind::pre_stop || process == ProcessKind::security;
}

void note_ignored(Moving& moving, ProcessKind process, const std::string& how) {
  if (!is_ignored(process)) return;
  moving.life.rare.edit().ignored_failures.push_back(std::format("{} process {}", name_of(process), how));
}

void report_end(Moving& moving, ProcessKind process, int wait_status) {
  if (wait_status == 0) return;
  const auto& life = moving.life;
  bool is_main = process == ProcessKind::main;
  bool asked = is_main && life.state == State::killed;
  auto pid = is_main && life.rare->ended_main != 0 ? life.rare->ended_main : life.process(process).pid;
  auto how = how_it_ended(wait_status);
  moving.add(effect::Log{
      asked ? Severity::info : Severity::warning,
      std::format("{} {} process ({}) {}", title(moving.job_class, life.instance), name_of(process), pid, how)});
  note_ignored(moving, process, how);
  if (is_ignored(process)) record_end(moving, RecordKind::ended, process, wait_status, "that is ignored");
}

// True: the state waited for it.
bool forget(Moving& moving, ProcessKind process) {
  bool awaited = awaited_process(moving.life) == process;
  moving.life.process(process) = {};
  const auto& of_main = *moving.life.rare;
  if (process == ProcessKind::main && (!of_main.status_text.empty() || of_main.ended_main != 0)) {
    auto& parts = moving.life.rare.edit();
    parts.status_text.clear();
    parts.ended_main = 0;
    moving.life.rare.tidy();
  }
  if (awaited) disarm_kill_timer(moving);
  return awaited;
}

// Only the first failure is told; but who has come to wait since then waits for a job that has failed, too.
void fail(Moving& moving, std::optional<ProcessKind> process, std::optional<int> wait_status) {
  if (!moving.life.setbacks->failure) {
    moving.life.setbacks.edit().failure = Failure{.process = process, .wait_status = wait_status};
    moving.add(effect::Failed{!process ? 0 : wait_status ? failed_status(*wait_status) : -1});
  }
  release(moving, true);
}

void stop_because_of(Moving& moving, ProcessKind process, std::optional<int> wait_status) {
  fail(moving, process, wait_status);
  moving.life.restart_pending = false;
  set_goal(moving, Goal::stop);
}

bool has_no_limit(const RespawnLimit& limit) { return limit.count == 0 || limit.interval.count() == 0; }

// Without a limit a program that ends at once would be started again as fast as the machine can.
void plan_pause(Moving& moving) {
  using std::chrono_literals::operator""ms;
  constexpr MonotonicTime quick = 10'000ms, first = 100ms, longest = 10'000ms;
  constexpr unsigned without_pause = 9, most_doublings = 7;
  auto& life = moving.life;
  auto& setbacks = life.setbacks.edit();
  setbacks.quick_ends = moving.now - life.main_started < quick ? setbacks.quick_ends + 1 : 0;
  if (setbacks.quick_ends <= without_pause) return;
  auto doublings = std::min(setbacks.quick_ends - without_pause - 1, most_doublings);
  setbacks.respawn_pause = std::min(first * (1U << doublings), longest);
  if (doublings > 0 || setbacks.quick_ends > without_pause + 1) return;
  moving.add(
      effect::Log{Severity::warning,
                  title(moving.job_class, life.instance) +
                      " respawning too fast, and has no limit: from now on it pauses before each respawn, for 0.1 "
                      "to 10 s, until its main process has run for 10 s"});
}

bool respawns_too_fast(Moving& moving) {
  const auto& limit = moving.job_class.respawn_limit;
  if (has_no_limit(limit)) return false;
  auto& setbacks = moving.life.setbacks.edit();
  if (setbacks.respawns == 0 || moving.now - setbacks.first_respawn >= limit.interval) {
    setbacks.first_respawn = moving.now;
    setbacks.respawns = 1;
    return false;
  }
  return ++setbacks.respawns > limit.count;
}

void respawn(Moving& moving, int wait_status, bool moves) {
  moving.life.setbacks.edit().respawned_after = Failure{.process = ProcessKind::main, .wait_status = wait_status};
  record_end(moving, RecordKind::respawned, ProcessKind::main, wait_status, "it is respawned");
  moving.add(effect::Log{Severity::warning, title(moving.job_class, moving.life.instance) + " " +
                                                std::string{name_of(ProcessKind::main)} +
                                                " process ended, respawning"});
  if (has_no_limit(moving.job_class.respawn_limit)) plan_pause(moving);
  if (moves) go_to(moving, State::stopping);
  else set_goal(moving, Goal::respawn);
}

void hit_respawn_limit(Moving& moving, int wait_status) {
  const auto& limit = moving.job_class.respawn_limit;
  record_end(moving, RecordKind::ended, ProcessKind::main, wait_status,
             std::format("more than {} respawns in {} s, so it is stopped", limit.count, limit.interval.count()));
  moving.add(
      effect::Log{Severity::warning, title(moving.job_class, moving.life.instance) + " respawning too fast, stopped"});
  moving.add(effect::RecordRespawnLimit{wait_status});
  fail(moving, std::nullopt, std::nullopt);
}

void main_ended_unasked(Moving& moving, int wait_status, bool moves) {
  bool failed = is_failure(moving.job_class, wait_status);
  bool respawns = failed && moving.job_class.respawn && moving.life.may_respawn;
  if (respawns && !respawns_too_fast(moving)) return respawn(moving, wait_status, moves);
  if (respawns) hit_respawn_limit(moving, wait_status);
  else
    record_end(moving, failed ? RecordKind::ended : RecordKind::done, ProcessKind::main, wait_status,
               failed ? "the job failed" : "the job is done");
  if (failed && !respawns) fail(moving, ProcessKind::main, wait_status);
  set_goal(moving, Goal::stop);
  if (moves) advance(moving);
}

void main_ended(Moving& moving, int wait_status) {
  State state = moving.life.state;
  bool moves = state == State::spawned || state == State::running || state == State::killed;
  bool asked = moving.life.goal != Goal::start || state == State::stopping || state == State::killed;
  if (!asked) return main_ended_unasked(moving, wait_status, moves);
  if (!moves) return;
  if (state == State::spawned) go_to(moving, State::stopping);
  else advance(moving);
}

// What a time limit killed has not failed; where its work is needed after all, all begins anew.
void hook_ended(Moving& moving, ProcessKind process, int wait_status, bool awaited) {
  auto& life = moving.life;
  bool killed_by_us = life.hook_killed && wait_status != 0;
  bool counts = !killed_by_us && (process == ProcessKind::tmpfiles || process == ProcessKind::pre_start ||
                                  process == ProcessKind::post_stop);
  if (counts && wait_status != 0) {
    record_end(moving, RecordKind::ended, process, wait_status, "the job failed");
    stop_because_of(moving, process, wait_status);
  }
  bool goes_on = life.goal == Goal::start && !killed_by_us;
  if (process == ProcessKind::tmpfiles && goes_on) run(moving, ProcessKind::pre_start);
  if (!awaited || awaited_process(life)) return;
  if (killed_by_us && is_preparation(process) && life.goal == Goal::start) go_to(moving, State::stopping);
  else advance(moving);
}

} // namespace

void process_ended(Moving& moving, ProcessKind process, int wait_status) {
  if (!moving.life.alive(process)) return;
  report_end(moving, process, wait_status);
  bool awaited = forget(moving, process);
  if (process == ProcessKind::main) main_ended(moving, wait_status);
  else hook_ended(moving, process, wait_status, awaited);
}

void process_not_executed(Moving& moving, ProcessKind process, const std::string& reason) {
  if (!moving.life.alive(process)) return;
  moving.add(effect::Log{Severity::warning,
                         std::format("Failed to spawn {} {} process: {}", title(moving.job_class, moving.life.instance),
                                     name_of(process), reason)});
  moving.add(effect::RecordSpawnFailure{std::format("{} process: {}", name_of(process), reason)});
  moving.add(
      effect::Record{RecordKind::ended, std::format("{} process could not be started: {}", name_of(process), reason)});
  note_ignored(moving, process, "could not be started: " + reason);
  bool awaited = forget(moving, process);
  if (process != ProcessKind::post_start && process != ProcessKind::pre_stop)
    stop_because_of(moving, process, std::nullopt);
  if (awaited || moving.life.state == State::running) advance(moving);
}

void kill_awaited_process(Moving& moving) {
  if (!std::exchange(moving.life.kill_deadline, std::nullopt)) return;
  auto process = awaited_process(moving.life);
  if (!process) return;
  moving.life.hook_killed = *process != ProcessKind::main;
  auto limit = std::format("did not end within its kill timeout of {} s; SIGKILL is sent",
                           moving.job_class.kill_timeout.count());
  auto pid = moving.life.process(*process).pid;
  auto who = std::format("{} process ({})", name_of(*process), pid);
  auto who_recorded = std::format("{} process", name_of(*process));
  if (auto main = moving.life.rare->ended_main; *process == ProcessKind::main && main != 0) {
    who = std::format("process {}, which main process ({}) left behind,", pid, main);
    who_recorded = "a process that main process left behind";
  }
  moving.add(effect::Log{Severity::warning,
                         std::format("{} {} {}", title(moving.job_class, moving.life.instance), who, limit)});
  moving.add(effect::Record{RecordKind::killed, std::format("{} {}", who_recorded, limit)});
  moving.add(effect::Signal{*process, SIGKILL});
}

} // namespace upstart::supervisor
