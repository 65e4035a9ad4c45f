// A world for tests of jobs: job files as text, processes that only remember, a broker that hands wanted events
// straight back, a clock that is moved by hand, and a recorder of what was told. No process, no bus, no waiting.
#pragma once

#include "daemons/job-supervisor/jobs/jobs.hpp"
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
    void kill_strays() override { ++strays_killed; }
    void end_strays(int, std::chrono::milliseconds) override { ++strays_killed; }
    [[nodiscard]] std::string notes() const override { return {}; }

    FakeProcesses& all;
    std::string title;
    ProcessEvents& events;
    std::map<ProcessKind, Process> running;
    std::vector<std::pair<ProcessKind, int>> signals;
    int strays_killed = 0;
  };

  std::unique_ptr<JobProcesses> open(std::shared_ptr<const JobClass> job_class, std::string instance,
                                     ProcessEvents& events) override {
    return std::make_unique<Of>(*this, job_class->name + (instance.empty() ? "" : "/" + instance), events);
  }
  std::unique_ptr<JobProcesses> adopt(std::shared_ptr<const JobClass> job_class, std::string instance,
                                      ProcessEvents& events, const std::string&,
                                      const std::vector<LivingProcess>& alive) override {
    auto title = job_class->name + (instance.empty() ? "" : "/" + instance);
    auto adopted = std::make_unique<Of>(*this, title, events);
    for (const auto& process : alive) {
      adopted->running[process.kind] = {.pid = process.pid, .environment = {}};
      last_pid = std::max(last_pid, process.pid);
    }
    return adopted;
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
  void emit(EmissionId id, const Event& event, Origin) override { accept(id, event); }
  void record(const Event& event, Origin) override { recorded.push_back(event.name); }
  void finished(EventId id, bool failed, const std::vector<protocol::JobAction>& did) override {
    auto node = waiting.extract(id);
    REQUIRE_FALSE(node.empty()); // exactly once
    for (const auto& action : did) done.push_back(protocol::to_text(action));
    if (failed && !node.mapped().name.ends_with("/failed")) accept(0, {.name = node.mapped().name + "/failed"});
    finishing.emplace_back(node.mapped().emission, failed);
  }
  void subscribe(const std::vector<std::string>& add, const std::vector<std::string>& remove) override {
    for (const auto& name : remove) names.erase(name);
    names.insert(add.begin(), add.end());
  }
  [[nodiscard]] bool wanted_by_others(const std::string&) const override { return false; }

  struct Waiting {
    std::string name;
    EmissionId emission; // 0: not emitted by the jobs
  };
  EventId last_id = 0;
  std::map<EventId, Waiting> waiting;
  std::deque<std::pair<EventId, Event>> queue;
  std::deque<std::pair<EmissionId, bool>> finishing;
  std::set<std::string> names;
  std::vector<std::string> recorded, done;

private:
  // What nobody has subscribed to by then has finished at once.
  void accept(EmissionId emission, const Event& event) {
    if (!names.contains(event.name)) return finishing.emplace_back(emission, false), void();
    waiting[++last_id] = {event.name, emission};
    queue.emplace_back(last_id, event);
  }
};

// What was told, as lines.
class Recorder final : public Observer, public Log {
public:
  void tell(const Notice& notice) override {
    std::visit([this](const auto& each) { lines.push_back(line(each)); }, notice);
  }
  void write(Severity, const std::string& text) override { log.push_back(text); }

  [[nodiscard]] bool has(const std::string& line) const { return std::ranges::contains(lines, line); }
  [[nodiscard]] std::ptrdiff_t place(const std::string& line) const {
    return std::ranges::find(lines, line) - lines.begin();
  }
  std::vector<std::string> lines, log;

private:
  static std::string line(const notice::JobAdded& job) { return "+" + job.job; }
  static std::string line(const notice::JobRemoved& job) { return "-" + job.job; }
  static std::string line(const notice::InstanceAdded& of) { return "+" + of.job + "/" + of.instance; }
  static std::string line(const notice::InstanceRemoved& of) { return "-" + of.job + "/" + of.instance; }
  static std::string line(const notice::GoalChanged& of) { return of.job + " !" + std::string{name_of(of.goal)}; }
  static std::string line(const notice::StateChanged& of) { return of.job + " " + std::string{name_of(of.state)}; }
  static std::string line(const notice::Failed& of) { return of.job + " failed " + std::to_string(of.status); }
  static std::string line(const notice::EventEmitted& event) {
    std::string text = "event " + event.name;
    for (const auto& entry : event.environment.strings()) text += " " + entry;
    return text;
  }
  static std::string line(const notice::ConditionsChanged& of) {
    return "conditions " + of.event + " " + of.job + " " + std::to_string(of.start_on.nodes.size());
  }
  static std::string line(const notice::ActivityChanged& of) {
    return "active " + of.job + " " + std::to_string(of.active);
  }
  static std::string line(const notice::SessionEnded&) { return "session ended"; }
};

struct World {
  FakeProcesses processes;
  FakeBroker broker;
  FakeClock clock;
  Recorder recorder;
  Jobs jobs{{.processes = processes, .events = broker, .clock = clock, .observer = recorder, .log = recorder},
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
    jobs.commands().start(*jobs.classes().find(name), env, wait, reply);
    run();
    return shared;
  }
  SharedAnswer stop(const std::string& name, std::vector<std::string> env = {}, bool wait = true) {
    auto [shared, reply] = answer();
    jobs.commands().stop(*jobs.classes().find(name), env, wait, reply);
    run();
    return shared;
  }
  SharedAnswer restart(const std::string& name, std::vector<std::string> env = {}) {
    auto [shared, reply] = answer();
    jobs.commands().restart(*jobs.classes().find(name), env, true, reply);
    run();
    return shared;
  }
  // "ok", "failed", or empty while it is blocked.
  std::shared_ptr<std::string> emit(const std::string& name, std::vector<std::string> env = {},
                                    SharedFiles files = {}) {
    auto shared = std::make_shared<std::string>();
    jobs.emit({.name = name, .environment = protocol::Environment{env}, .files = std::move(files)}, {},
              [shared](const Outcome& outcome) { *shared = outcome ? "ok" : "failed"; });
    run();
    return shared;
  }
  // Lets the broker's answers arrive.
  void run() {
    while (!broker.queue.empty() || !broker.finishing.empty()) {
      if (!broker.finishing.empty()) {
        auto [emission, failed] = broker.finishing.front();
        broker.finishing.pop_front();
        jobs.emission_finished(emission, failed);
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
