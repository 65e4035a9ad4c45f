// Jobs whose main process is the actor (job-actor.cpp), one or many at the same time under one supervisor.
#pragma once

#include "daemons/job-supervisor/process/test/process-fixture.hpp"

#include <csignal>
#include <sstream>

namespace upstart::supervisor::test {

using Told = std::vector<std::string>;

inline const std::string actor = UPSTART_TEST_ACTOR;

inline bool exists(pid_t pid) {
  auto facts = facts_of(pid);
  return facts && !facts->ended();
}

// One of many jobs that run at the same time under one supervisor.
struct Actor {
  Actor(RealProcesses& all, const Directory& directory, int number, Expect expect, std::string what)
      : words{std::move(what)}, note{directory / ("pids-" + std::to_string(number))} {
    auto job = std::make_shared<JobClass>();
    job->name = "actor-" + std::to_string(number);
    job->expect = expect;
    std::string text = words;
    for (std::size_t at; (at = text.find("note")) != std::string::npos;) text.replace(at, 4, "NOTE=" + note);
    for (std::size_t at; (at = text.find("up=NOTE")) != std::string::npos;) text.replace(at, 7, "up=" + note);
    for (std::size_t at; (at = text.find("NOTE")) != std::string::npos;) text.replace(at, 4, "note");
    job->commands[0] = Command{actor + " " + text, false};
    processes = all.open(job, "", events);
    SpawnRequest request;
    request.environment = {"PATH=/bin:/usr/bin", "UPSTART_JOB=" + job->name, "UPSTART_INSTANCE="};
    REQUIRE(processes->spawn(request));
  }

  [[nodiscard]] std::vector<pid_t> noted() const {
    std::istringstream text{contents(note)};
    return {std::istream_iterator<pid_t>{text}, {}};
  }
  [[nodiscard]] bool ready() const { return events.has("ready"); }
  [[nodiscard]] bool ended() const { return events.has("main ended"); }
  // Ready, and the supervised process is the one that noted itself last.
  [[nodiscard]] bool supervises_the_last() const {
    auto pids = noted();
    return ready() && !pids.empty() && events.ready_pid == pids.back();
  }
  [[nodiscard]] bool leaves_nothing() const { return std::ranges::none_of(noted(), exists); }

  std::string words, note;
  Recorder events;
  std::unique_ptr<JobProcesses> processes;
};

// So that nobody waits long for those that never do what their `expect` says.
inline constexpr ExpectTimeouts short_timeouts{
    .forks = {.before_fork = {1s, 15s}, .parent_beside_child = {1500ms, 15s}}};

struct ActorsFixture {
  explicit ActorsFixture(bool groups = true, const ExpectTimeouts& timeouts = short_timeouts)
      : all{loop,
            {.log_directory = "",
             .control_groups = groups,
             .expect_timeouts = timeouts,
             .warn = [this](const std::string& text) { warnings.push_back(text); }}} {}

  ~ActorsFixture() {
    for (const auto& one : actors) one->processes->kill_strays();
  }
  ActorsFixture(const ActorsFixture&) = delete;
  ActorsFixture& operator=(const ActorsFixture&) = delete;

  Actor& add(Expect expect, const std::string& words) {
    return *actors.emplace_back(
        std::make_unique<Actor>(all, directory, static_cast<int>(actors.size()), expect, words));
  }
  // Waits until it holds for all; names those for whom it does not.
  void await_all(bool (Actor::*holds)() const) {
    auto all_hold = [&] { return std::ranges::all_of(actors, [&](const auto& one) { return (*one.*holds)(); }); };
    await(loop, all_hold, 20s);
    for (const auto& one : actors) CHECK_MESSAGE((*one.*holds)(), one->words);
  }
  void stop_all() {
    for (const auto& one : actors) one->processes->signal(ProcessKind::main, SIGTERM);
    await_all(&Actor::ended);
    for (const auto& one : actors) one->processes->kill_strays();
    await_all(&Actor::leaves_nothing);
  }
  [[nodiscard]] bool warned_of(const std::string& text) const {
    return std::ranges::any_of(warnings, [&](const std::string& warning) { return warning.contains(text); });
  }

  Directory directory;
  base::EventLoop loop;
  std::vector<std::string> warnings;
  RealProcesses all;
  std::vector<std::unique_ptr<Actor>> actors;
};

} // namespace upstart::supervisor::test
