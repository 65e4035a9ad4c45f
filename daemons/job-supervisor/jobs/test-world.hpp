// A world for tests of jobs: job files as text, processes that only remember, a broker that hands wanted events
// straight back, a clock that is moved by hand, and a diary of what observers heard. No process, no bus, no waiting.
#pragma once

#include "daemons/job-supervisor/jobs/job-manager.hpp"
#include "daemons/job-supervisor/language/parse-job.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>

namespace upstart::supervisor::test {

class FakeProcesses final : public Processes {
public:
  struct Process {
    pid_t pid = 0;
    std::vector<std::string> environment;
    std::size_t files = 0;
    std::vector<std::string> parameters = {};
  };
  struct Of final : JobProcesses {
    Of(FakeProcesses& fake, std::string job_title, ProcessEvents& told)
        : all{fake}, title{std::move(job_title)}, events{told} {
      all.open_[title] = this;
    }
    ~Of() override {
      if (all.open_[title] == this) all.open_.erase(title);
    }
    std::expected<pid_t, SpawnFailure> spawn(const SpawnRequest& request) override {
      if (all.fail_to_fork) return std::unexpected(SpawnFailure{"unable to fork: no"});
      running[request.kind] = {++all.last_pid, request.environment, request.files.size(), request.parameters};
      return all.last_pid;
    }
    void signal(ProcessKind kind, int number) override { signals.emplace_back(kind, number); }
    void signal_process(ProcessKind kind, int number) override { signals.emplace_back(kind, number); }
    void kill_leftovers() override { ++leftovers_killed; }
    void end_leftovers(int, std::chrono::milliseconds) override { ++leftovers_killed; }

    FakeProcesses& all;
    std::string title;
    ProcessEvents& events;
    std::map<ProcessKind, Process> running;
    std::vector<std::pair<ProcessKind, int>> signals;
    int leftovers_killed = 0;
  };

  std::unique_ptr<JobProcesses> open(std::shared_ptr<const JobClass> job_class, std::string instance,
                                     ProcessEvents& events) override {
    return std::make_unique<Of>(*this, job_class->name + (instance.empty() ? "" : "/" + instance), events);
  }
  void logs_writable() override {}
  [[nodiscard]] bool apparmor_enabled() const override { return false; }

  [[nodiscard]] Of& of(const std::string& title) {
    REQUIRE_MESSAGE(open_.contains(title), title);
    return *open_.at(title);
  }
  [[nodiscard]] bool has(const std::string& title) const { return open_.contains(title); }

  bool fail_to_fork = false;
  pid_t last_pid = 1000;

private:
  std::map<std::string, Of*> open_;
};

class FakeClock final : public Clock {
public:
  [[nodiscard]] MonotonicTime now() const override { return now_; }
  [[nodiscard]] std::unique_ptr<Alarm> after(std::chrono::milliseconds time, std::function<void()> action) override {
    auto alarm = std::make_unique<Pending>(*this, now_ + time, std::move(action));
    alarms_.push_back(alarm.get());
    return alarm;
  }
  void later(std::function<void()> action) override { later_.push_back(std::move(action)); }

  void advance(std::chrono::milliseconds time) {
    now_ += time;
    for (;;) {
      auto due = std::ranges::find_if(alarms_, [&](Pending* alarm) { return alarm->when <= now_ && alarm->action; });
      if (due == alarms_.end()) break;
      auto action = std::exchange((*due)->action, nullptr);
      action();
    }
    later_.clear();
  }

private:
  struct Pending final : Alarm {
    Pending(FakeClock& of, MonotonicTime at, std::function<void()> what)
        : clock{of}, when{at}, action{std::move(what)} {}
    ~Pending() override { std::erase(clock.alarms_, this); }
    FakeClock& clock;
    MonotonicTime when;
    std::function<void()> action;
  };
  MonotonicTime now_{0};
  std::vector<Pending*> alarms_;
  std::vector<std::function<void()>> later_;
};

// A broker with this daemon as its only handler.
class FakeBroker final : public EventSink {
public:
  void emit(const Event& event, Origin, std::function<void(bool failed)> finished) override {
    waiting[++last_id] = {event.name, std::move(finished)};
    queue.emplace_back(last_id, event);
  }
  void record(const Event& event, Origin) override { recorded.push_back(event.name); }
  void finished(EventId id, bool failed, const std::vector<protocol::JobAction>& did) override {
    auto node = waiting.extract(id);
    REQUIRE_FALSE(node.empty()); // exactly once
    for (const auto& action : did) done.push_back(protocol::to_text(action));
    if (failed && !node.mapped().name.ends_with("/failed"))
      emit({.name = node.mapped().name + "/failed", .environment = {}, .files = {}}, {}, {});
    if (node.mapped().finished) finishing.emplace_back(std::move(node.mapped().finished), failed);
  }
  void subscribe(const std::vector<std::string>& add, const std::vector<std::string>& remove) override {
    for (const auto& name : remove) names.erase(name);
    names.insert(add.begin(), add.end());
  }
  [[nodiscard]] bool wanted_by_others(const std::string&) const override { return false; }

  struct Waiting {
    std::string name;
    std::function<void(bool)> finished;
  };
  EventId last_id = 0;
  std::map<EventId, Waiting> waiting;
  std::deque<std::pair<EventId, Event>> queue;
  std::deque<std::pair<std::function<void(bool)>, bool>> finishing;
  std::set<std::string> names;
  std::vector<std::string> recorded, done;
};

class Diary final : public Observer {
public:
  void job_added(const std::string& job) override { lines.push_back("+" + job); }
  void job_removed(const std::string& job) override { lines.push_back("-" + job); }
  void instance_added(const std::string& job, const std::string& instance) override {
    lines.push_back("+" + job + "/" + instance);
  }
  void instance_removed(const std::string& job, const std::string& instance) override {
    lines.push_back("-" + job + "/" + instance);
  }
  void goal_changed(const std::string& job, const std::string&, Goal goal) override {
    lines.push_back(job + " !" + std::string{name_of(goal)});
  }
  void state_changed(const std::string& job, const std::string&, State state) override {
    lines.push_back(job + " " + std::string{name_of(state)});
  }
  void failed(const std::string& job, const std::string&, int status) override {
    lines.push_back(job + " failed " + std::to_string(status));
  }
  void event_emitted(const std::string& name, const protocol::Environment& environment) override {
    std::string line = "event " + name;
    for (const auto& entry : environment.strings()) line += " " + entry;
    lines.push_back(line);
  }
  void conditions_changed(const std::string& event, const std::string& job, const EventExpression& start_on,
                          const EventExpression&) override {
    lines.push_back("conditions " + event + " " + job + " " + std::to_string(start_on.nodes.size()));
  }
  void activity_changed(const std::string& job, std::size_t active) override {
    lines.push_back("active " + job + " " + std::to_string(active));
  }
  void session_ended() override { lines.push_back("session ended"); }

  [[nodiscard]] bool has(const std::string& line) const { return std::ranges::contains(lines, line); }
  [[nodiscard]] std::ptrdiff_t place(const std::string& line) const {
    return std::ranges::find(lines, line) - lines.begin();
  }
  std::vector<std::string> lines;
};

struct World {
  FakeProcesses processes;
  FakeBroker broker;
  FakeClock clock;
  Diary diary;
  JobManager jobs{{.processes = processes, .events = broker, .clock = clock, .observer = diary},
                  {.own_environment = protocol::Environment{{"PATH=/bin", "TERM=t", "INHERIT=from-init"}},
                   .inherit_environment = false,
                   .session_address = ""}};

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
  void load(const std::string& name, const std::string& text) { jobs.apply({{name, parse(name, text)}}); }
  void unload(const std::string& name) { jobs.apply({{name, nullptr}}); }

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
    jobs.start(*jobs.find_class(name), env, wait, reply);
    run();
    return shared;
  }
  SharedAnswer stop(const std::string& name, std::vector<std::string> env = {}, bool wait = true) {
    auto [shared, reply] = answer();
    jobs.stop(*jobs.find_class(name), env, wait, reply);
    run();
    return shared;
  }
  SharedAnswer restart(const std::string& name, std::vector<std::string> env = {}) {
    auto [shared, reply] = answer();
    jobs.restart(*jobs.find_class(name), env, true, reply);
    run();
    return shared;
  }
  // "ok", "failed", or empty while it is blocked.
  std::shared_ptr<std::string> emit(const std::string& name, std::vector<std::string> env = {},
                                    SharedFiles files = {}) {
    auto shared = std::make_shared<std::string>();
    jobs.emit({.name = name, .environment = protocol::Environment{env}, .files = std::move(files)}, {},
              [shared](bool failed) { *shared = failed ? "failed" : "ok"; });
    run();
    return shared;
  }
  // Lets the broker's answers arrive.
  void run() {
    while (!broker.queue.empty() || !broker.finishing.empty()) {
      if (!broker.finishing.empty()) {
        auto [finished, failed] = std::move(broker.finishing.front());
        broker.finishing.pop_front();
        finished(failed);
      } else {
        auto [id, event] = std::move(broker.queue.front());
        broker.queue.pop_front();
        jobs.handle(id, std::move(event));
      }
    }
    clock.advance(std::chrono::milliseconds{0});
  }
  void ready(const std::string& title) {
    auto& of = processes.of(title);
    of.events.ready(of.running.at(ProcessKind::main).pid);
    run();
  }
  void end(const std::string& title, ProcessKind kind = ProcessKind::main, int wait_status = 0) {
    auto& of = processes.of(title);
    REQUIRE(of.running.erase(kind) == 1);
    of.events.ended(kind, wait_status);
    run();
  }
  [[nodiscard]] std::string state(const std::string& name, const std::string& instance = "") {
    auto* job = jobs.find_instance(name, instance);
    return job == nullptr ? "gone" : std::string{name_of(job->goal())} + "/" + std::string{name_of(job->state())};
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
