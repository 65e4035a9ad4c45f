// For tests: a life that is told one thing after another, and what followed as words.
#pragma once

#include "daemons/job-supervisor/lifecycle/step.hpp"

#include <csignal>
#include <string>
#include <utility>

namespace upstart::supervisor::test {

inline int exited(int status) { return status << 8; }
inline int killed_by(int signal) { return signal; }

inline JobClass job(std::initializer_list<ProcessKind> processes, bool task = false) {
  JobClass job_class;
  job_class.task = task;
  for (auto kind : processes) job_class.commands[static_cast<std::size_t>(kind)] = Command{.text = "x"};
  return job_class;
}

// States as they are, goals as !goal, a spawn as +process, a caller's answer as release, the rest by a word.
struct Words {
  std::string operator()(const effect::GoalChanged& changed) const { return "!" + std::string{name_of(changed.goal)}; }
  std::string operator()(const effect::StateChanged& changed) const { return std::string{name_of(changed.state)}; }
  std::string operator()(const effect::Failed&) const { return "FAILED"; }
  std::string operator()(const effect::Emit& emit) const {
    return emit.ticket != 0 ? "emit" : std::string{name_of(emit.event)};
  }
  std::string operator()(const effect::BlockEvents&) const { return "block"; }
  std::string operator()(const effect::ReleaseEvents& release) const {
    return release.failed ? "events-failed" : "events";
  }
  std::string operator()(const effect::Answer& answer) const { return answer.failed ? "release-failed" : "release"; }
  std::string operator()(const effect::Spawn& spawn) const { return "+" + std::string{name_of(spawn.process)}; }
  std::string operator()(const effect::Signal& signal) const {
    bool main = signal.process == ProcessKind::main;
    return (signal.number == SIGKILL ? "KILL" : "TERM") +
           (main ? std::string{} : "-" + std::string{name_of(signal.process)});
  }
  std::string operator()(const effect::SignalProcess&) const { return "reload"; }
  std::string operator()(const effect::KillStrays&) const { return "kill-strays"; }
  std::string operator()(const effect::EndStrays&) const { return "end-strays"; }
  std::string operator()(const effect::ArmKillTimer&) const { return "timer"; }
  std::string operator()(const effect::DisarmKillTimer&) const { return "timer-off"; }
  std::string operator()(const effect::ExpandStopOn&) const { return {}; }
  std::string operator()(const effect::RecordSpawnFailure&) const { return {}; }
  std::string operator()(const effect::RecordRespawnLimit&) const { return {}; }
  std::string operator()(const effect::Record&) const { return {}; }
  std::string operator()(const effect::Log& log) const {
    if (log.text.ends_with("ended, respawning")) return "respawning";
    return log.text.ends_with("respawning too fast, stopped") ? "too-fast" : "";
  }
  std::string operator()(const effect::Remove&) const { return "remove"; }
};

inline std::string words_of(const Effects& effects) {
  std::string words;
  for (const auto& each : effects)
    if (auto word = std::visit(Words{}, each); !word.empty()) words += (words.empty() ? "" : " ") + word;
  return words;
}

// Somebody always waits: whoever gave a command, and after the answer to that whoever comes next.
class Scenario {
public:
  explicit Scenario(JobClass job_class) : of{std::move(job_class)} {}

  Scenario& operator()(Input happens, MonotonicTime now = MonotonicTime{0}) {
    bool is_command = happens.index() <= 2; // Start, Stop, Restart
    if (is_command && life.waiting) life.waiting.edit().callers.clear();
    else if (!is_command && life.waiting->callers.empty())
      life.waiting.edit().callers.push_back({.id = ++last_caller_});
    auto [next, effects] = step(std::move(life), of, std::move(happens), now);
    life = std::move(next);
    seen.insert(seen.end(), effects.begin(), effects.end());
    return *this;
  }
  Scenario& start() { return (*this)(input::Start{.parameters = {}, .caller = ++last_caller_}); }
  Scenario& stop() { return (*this)(input::Stop{.environment = {}, .caller = ++last_caller_}); }
  Scenario& restart() { return (*this)(input::Restart{.parameters = {}, .caller = ++last_caller_}); }
  Scenario& event() { return (*this)(input::EventFinished{life.awaited_event.value_or(0)}); }
  Scenario& ready() { return (*this)(input::Ready{}); }
  Scenario& ended(ProcessKind kind, int status = 0, MonotonicTime now = MonotonicTime{0}) {
    return (*this)(input::Ended{kind, status}, now);
  }
  Scenario& cannot(ProcessKind kind) { return (*this)(input::NotExecuted{kind}); }
  Scenario& time_out() { return (*this)(input::KillTimeout{}); }
  Scenario& running() { return start().event().ready(); }

  // What followed since the last call.
  std::string story() { return words_of(std::exchange(seen, {})); }

  JobClass of;
  Life life;
  Effects seen;

private:
  CallerId last_caller_ = 0;
};

} // namespace upstart::supervisor::test
