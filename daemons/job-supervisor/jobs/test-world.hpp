// A world for tests of jobs: job files as text, processes that only remember, a broker that hands wanted events
// straight back, a clock that is moved by hand, a recorder of what was told, and a memory. No process, no bus, no
// waiting.
//
// The jobs may die at any moment and be made again from the memory: all else is another process and lives on. With
// UPSTART_TEST_RESTART in the environment that happens after everything that a test does; a test of the jobs must not
// notice. A `Fault` lets them die in the midst of what they do. With UPSTART_TEST_SLOW each thing that they do takes
// longer than a turn may, so that all else comes in between.
#pragma once

#include "daemons/job-supervisor/jobs/jobs.hpp"
#include "daemons/job-supervisor/jobs/test-fakes.hpp"
#include "daemons/job-supervisor/language/parse-job.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <memory>

namespace upstart::supervisor::test {

// More than twenty methods: each is one thing that a user, a process or a broker does, so that a test reads as what
// happens.
struct World {
  Fault fault;
  FakeProcesses processes{fault};
  FakeBroker broker{fault};
  FakeClock clock;
  Recorder recorder;
  FakeMemory memory{fault};
  std::map<std::string, std::shared_ptr<const JobClass>> files;
  std::map<std::string, Reply> waiting; // clients, by token
  int tokens = 0;
  bool restarts = std::getenv("UPSTART_TEST_RESTART") != nullptr; // after everything that is done
  Jobs jobs{ports(), options()};

  Ports ports() {
    return {.processes = processes,
            .events = broker,
            .clock = clock,
            .observer = recorder,
            .log = recorder,
            .memory = &memory};
  }
  // `slow`: a turn is over after everything that it does.
  static Options options(bool slow = std::getenv("UPSTART_TEST_SLOW") != nullptr) {
    return {.own_environment = protocol::Environment{{"PATH=/bin", "TERM=t", "INHERIT=from-init"}},
            .inherit_environment = false,
            .session_address = "",
            .longest_turn = std::chrono::milliseconds{slow ? 0 : 1000}};
  }

  // The jobs die and come back.
  void die_and_come_back() {
    fault.at = 0;
    std::destroy_at(&jobs);
    memory.die();
    processes.later.clear();
    std::construct_at(&jobs, ports(), options());
    recorder.deaf = true; // as is every client until it is back
    std::vector<ClassChange> first;
    for (const auto& [name, job_class] : files) first.push_back({name, job_class});
    auto records = memory.records;
    processes.sought = 0;
    jobs.restore(records, first, KeptFiles{memory.files});
    CHECK(processes.sought <= 1); // only one start can be on its way
    recorder.deaf = false;
    broker.give_again();
    auto clients = waiting;
    for (auto& [token, reply] : clients) jobs.resume(token, reply);
  }
  // Does something to the jobs; should they die of it they come back, and it is done again if `again` says so.
  template <typename Action> void survive(Action&& action, bool again = false) {
    try {
      action();
    } catch (const Death&) {
      die_and_come_back();
      if (again) action();
    }
  }
  // Turns that are to go on do so, to their end.
  void let_turns_end() {
    for (bool more = true; more;) survive([&] { more = clock.do_later(); });
  }
  // Gives a command with a token, and again if nobody knows of it.
  template <typename Give> void give(Reply reply, Give&& command) {
    auto token = "token " + std::to_string(++tokens);
    waiting[token] = [this, token, reply = std::move(reply)](const Outcome& outcome) {
      if (waiting.erase(token) > 0) reply(outcome);
    };
    survive(
        [&] {
          auto mine = waiting.find(token);
          if (mine == waiting.end()) return;
          auto client = mine->second;
          if (!jobs.resume(token, client)) command(Asker{client, token});
        },
        true);
    run();
  }

  // Answers of a command: the path, or "ERROR: message"; empty while it waits.
  struct Answer {
    std::vector<std::string> given;
    [[nodiscard]] std::string text() const { return given.empty() ? "" : given.back(); }
  };
  using SharedAnswer = std::shared_ptr<Answer>;

  static std::shared_ptr<const JobClass> parse(const std::string& name, const std::string& text,
                                               Dialect dialect = Dialect::conf) {
    auto result = parse_job(text, {.name = name, .dialect = dialect});
    REQUIRE_MESSAGE(result.job_class, name);
    return result.job_class;
  }
  void load(const std::string& name, const std::string& text, Dialect dialect = Dialect::conf) {
    files[name] = parse(name, text, dialect);
    survive([&] { jobs.apply({{name, files[name]}}); });
    let_turns_end();
  }
  void unload(const std::string& name) {
    files.erase(name);
    survive([&] { jobs.apply({{name, nullptr}}); });
    let_turns_end();
  }

  static std::pair<SharedAnswer, Reply> answer() {
    auto shared = std::make_shared<Answer>();
    return {shared, [shared](std::expected<std::string, CommandError> outcome) {
              shared->given.push_back(outcome ? *outcome
                                              : outcome.error().name.substr(outcome.error().name.rfind('.') + 1) +
                                                    ": " + outcome.error().message);
              CHECK(shared->given.size() == 1); // every caller is answered exactly once
            }};
  }
  SharedAnswer start(const std::string& name, std::vector<std::string> env = {}, bool wait = true) {
    auto [shared, reply] = answer();
    give(reply, [&](Asker asker) { jobs.commands().start(*jobs.classes().find(name), env, wait, std::move(asker)); });
    return shared;
  }
  SharedAnswer stop(const std::string& name, std::vector<std::string> env = {}, bool wait = true) {
    auto [shared, reply] = answer();
    give(reply, [&](Asker asker) { jobs.commands().stop(*jobs.classes().find(name), env, wait, std::move(asker)); });
    return shared;
  }
  SharedAnswer restart(const std::string& name, std::vector<std::string> env = {}) {
    auto [shared, reply] = answer();
    give(reply, [&](Asker asker) { jobs.commands().restart(*jobs.classes().find(name), env, true, std::move(asker)); });
    return shared;
  }
  // "ok", "failed", or empty while it is blocked.
  std::shared_ptr<std::string> emit(const std::string& name, std::vector<std::string> env = {},
                                    const SharedFiles& with = {}) {
    auto shared = std::make_shared<std::string>();
    give([shared](const Outcome& outcome) { *shared = outcome ? "ok" : "failed"; },
         [&](Asker asker) {
           jobs.emit({.name = name, .environment = protocol::Environment{env}, .files = with}, {}, std::move(asker));
         });
    return shared;
  }
  // Lets the broker's answers arrive.
  void run() {
    run_once();
    if (!restarts) return;
    die_and_come_back();
    run_once();
  }
  // The broker's answers come while turns are to go on, if there are such.
  void run_once() {
    auto comes = [&] { return !broker.queue.empty() || !broker.finishing.empty() || !processes.later.empty(); };
    bool more = true;
    while (comes() || more) {
      if (comes()) survive([&] { run_next(); });
      survive([&] { more = clock.do_later(); });
    }
    survive([&] { clock.advance(std::chrono::milliseconds{0}); });
  }
  void run_next() {
    if (!processes.later.empty()) {
      auto happened = std::move(processes.later.front());
      processes.later.pop_front();
      happened();
    } else if (!broker.finishing.empty()) {
      auto [emission, failed] = broker.finishing.front();
      broker.finishing.pop_front();
      jobs.emission_finished(emission, failed);
    } else {
      auto [id, event] = std::move(broker.queue.front());
      broker.queue.pop_front();
      jobs.handle(id, std::move(event));
    }
  }
  void ready(const std::string& title) {
    auto& of = processes.of(title);
    of.kernel.ready = true;
    survive([&] { of.events.ready(of.running.at(ProcessKind::main).pid); });
    run();
  }
  void end(const std::string& title, ProcessKind kind = ProcessKind::main, int wait_status = 0) {
    auto& of = processes.of(title);
    REQUIRE(of.running.contains(kind));
    of.kernel.ended[kind] = {of.running.at(kind).pid, wait_status};
    of.running.erase(kind);
    survive([&] { of.events.ended(kind, wait_status); });
    run();
  }
  [[nodiscard]] std::string state(const std::string& name, const std::string& instance = "") {
    auto* job = jobs.classes().find(name, instance);
    return job == nullptr ? "gone"
                          : std::string{name_of(job->life().goal)} + "/" + std::string{name_of(job->life().state)};
  }
  std::shared_ptr<std::string> run_service(const std::string& event, const std::string& title) {
    auto emitted = emit(event);
    ready(title);
    return emitted;
  }
  [[nodiscard]] std::string variable(const std::string& title, const std::string& key,
                                     ProcessKind kind = ProcessKind::main) {
    protocol::Environment environment{processes.of(title).running.at(kind).environment};
    return std::string{environment.get(key).value_or("(unset)")};
  }
};

inline int exited(int status) { return status << 8; }

} // namespace upstart::supervisor::test
