// What stands around the jobs in their tests: processes that only remember, a clock that is moved by hand, a broker
// that hands wanted events straight back, a memory, and a recorder of what was told. Each lets the jobs die where a
// `Fault` says so.
#pragma once

#include "daemons/job-supervisor/jobs/jobs.hpp"
#include "daemons/job-supervisor/language/parse-job.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <memory>

namespace upstart::supervisor::test {

// Thrown through the jobs, in place of SIGKILL.
struct Death {};

// Each thing that leaves the jobs passes here, before and after it is done.
struct Fault {
  std::size_t passed = 0, at = 0; // dies at this passing; 0: never
  void pass() {
    if (++passed == at) throw Death{};
  }
};

class FakeProcesses final : public Processes {
public:
  explicit FakeProcesses(Fault& with_fault) : fault{with_fault} {}
  struct Process {
    pid_t pid = 0;
    std::vector<std::string> environment;
    std::size_t files = 0;
    std::vector<std::string> parameters = {};
    std::vector<std::string> sockets = {}; // that are offered, by name
  };
  // What lives on when the jobs die.
  struct Kernel {
    std::map<ProcessKind, Process> running;
    std::map<ProcessKind, std::pair<pid_t, int>> ended; // who was the last, and how
    std::vector<std::pair<ProcessKind, int>> signals;
    int strays_killed = 0;
    bool ready = false;
  };
  struct Of final : JobProcesses {
    Of(FakeProcesses& fake, std::string job_title, ProcessEvents& told)
        : all{fake}, title{std::move(job_title)}, events{told}, kernel{all.kernel_[title]} {
      all.open_[title] = this;
    }
    ~Of() override {
      if (all.open_[title] == this) all.open_.erase(title);
    }
    std::expected<pid_t, SpawnFailure> spawn(const SpawnRequest& request) override {
      if (all.fail_to_fork) return std::unexpected(SpawnFailure{"unable to fork: no"});
      all.fault.pass();
      if (request.kind == ProcessKind::main) kernel.ready = false;
      REQUIRE_FALSE(running.contains(request.kind)); // never two of a kind
      running[request.kind] = {++all.last_pid, request.environment, request.files.size(), request.parameters};
      for (const auto& socket : request.offered) running[request.kind].sockets.push_back(socket.name);
      ++all.spawned;
      all.fault.pass();
      return all.last_pid;
    }
    void signal(ProcessKind kind, int number) override { note_signal(kind, number); }
    void signal_process(ProcessKind kind, int number) override { note_signal(kind, number); }
    void kill_strays() override { end_strays(0, {}); }
    void end_strays(int, std::chrono::milliseconds) override {
      all.fault.pass();
      ++strays_killed;
      all.fault.pass();
    }
    // Whose end is known.
    [[nodiscard]] std::string notes() const override {
      std::string pids;
      for (const auto& [_, ended] : kernel.ended) pids += " " + std::to_string(ended.first) + " ";
      return pids;
    }

    void note_signal(ProcessKind kind, int number) {
      all.fault.pass();
      signals.emplace_back(kind, number);
      all.fault.pass();
    }

    FakeProcesses& all;
    std::string title;
    ProcessEvents& events;
    Kernel& kernel;
    std::map<ProcessKind, Process>& running = kernel.running;
    std::vector<std::pair<ProcessKind, int>>& signals = kernel.signals;
    int& strays_killed = kernel.strays_killed;
  };

  std::unique_ptr<JobProcesses> open(std::shared_ptr<const JobClass> job_class, std::string instance,
                                     ProcessEvents& events) override {
    auto title = job_class->name + (instance.empty() ? "" : "/" + instance);
    kernel_[title] = {};
    return std::make_unique<Of>(*this, title, events);
  }
  std::unique_ptr<JobProcesses> adopt(std::shared_ptr<const JobClass> job_class, std::string instance,
                                      ProcessEvents& events, const std::string& notes,
                                      const std::vector<LivingProcess>& alive) override {
    auto title = job_class->name + (instance.empty() ? "" : "/" + instance);
    auto adopted = std::make_unique<Of>(*this, title, events);
    for (const auto& process : alive) {
      auto there = adopted->running.find(process.kind);
      auto ended = adopted->kernel.ended.find(process.kind);
      if (process.pid == 0 && process.may_be_there) ++sought;
      if (process.pid == 0 && !process.may_be_there) {
        CHECK(there == adopted->running.end());
        later.push_back([&events, kind = process.kind] { events.never_started(kind); });
      } else if (there != adopted->running.end() && process.pid == 0)
        later.push_back([&events, kind = process.kind, pid = there->second.pid] { events.found(kind, pid); });
      else if (there != adopted->running.end()) CHECK(there->second.pid == process.pid);
      else if (ended != adopted->kernel.ended.end() && !notes.contains(" " + std::to_string(ended->second.first) + " "))
        later.push_back([&events, kind = process.kind, status = ended->second.second] { events.ended(kind, status); });
      else later.push_back([&events, kind = process.kind] { events.never_started(kind); });
      if (process.kind == ProcessKind::main && there != adopted->running.end() && adopted->kernel.ready)
        later.push_back([&events, pid = there->second.pid] { events.ready(pid); });
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

  Fault& fault;
  bool fail_to_fork = false;
  pid_t last_pid = 1000;
  int spawned = 0, sought = 0;
  std::deque<std::function<void()>> later; // what has become of processes that were taken up

private:
  std::map<std::string, Of*> open_;
  std::map<std::string, Kernel> kernel_;
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
    while (do_later()) {}
  }
  // What was to be done soon. False: there was nothing.
  bool do_later() {
    if (later_.empty()) return false;
    for (auto& action : std::exchange(later_, {})) action();
    return true;
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
  explicit FakeBroker(Fault& with_fault) : fault{with_fault} {}
  // The same id is the same event.
  void emit(EmissionId id, const Event& event, Origin) override {
    fault.pass();
    if (auto known = outcomes.find(id); known == outcomes.end()) {
      outcomes[id] = std::nullopt;
      accept(id, event);
    } else if (known->second) finishing.emplace_back(id, *known->second);
    fault.pass();
  }
  void record(const Event& event, Origin) override { recorded.push_back(event.name); }
  void finished(EventId id, bool failed, const std::vector<protocol::JobAction>& did) override {
    fault.pass();
    REQUIRE(id <= last_id);
    auto node = waiting.extract(id);
    if (node.empty()) return; // said again
    for (const auto& action : did) done.push_back(protocol::to_text(action));
    if (failed && !node.mapped().name.ends_with("/failed")) accept(0, {.name = node.mapped().name + "/failed"});
    finish(node.mapped().emission, failed);
    fault.pass();
  }
  // An event that somebody else has emitted.
  void emit_elsewhere(const Event& event) { accept(0, event); }
  // The jobs have come back: what they had not finished is given to them again.
  void give_again() {
    queue.clear();
    for (const auto& [id, each] : waiting) queue.emplace_back(id, each.event);
  }
  void subscribe(const std::vector<std::string>& add, const std::vector<std::string>& remove) override {
    for (const auto& name : remove) names.erase(name);
    names.insert(add.begin(), add.end());
  }
  [[nodiscard]] bool wanted_by_others(const std::string& event) const override { return others.contains(event); }
  [[nodiscard]] bool knows_others() const override { return others_known; }
  [[nodiscard]] bool is_connected() const override { return connected; }

  struct Waiting {
    std::string name;
    EmissionId emission; // 0: not emitted by the jobs
    Event event;
  };
  Fault& fault;
  std::map<EmissionId, std::optional<bool>> outcomes;
  bool others_known = true, connected = true;
  std::set<std::string> others; // what other handlers want
  EventId last_id = 0;
  std::map<EventId, Waiting> waiting;
  std::deque<std::pair<EventId, Event>> queue;
  std::deque<std::pair<EmissionId, bool>> finishing;
  std::set<std::string> names;
  std::vector<std::string> recorded, done;

private:
  void finish(EmissionId emission, bool failed) {
    if (emission != 0) outcomes[emission] = failed;
    finishing.emplace_back(emission, failed);
  }
  // What nobody has subscribed to by then has finished at once.
  void accept(EmissionId emission, const Event& event) {
    if (!names.contains(event.name)) return finish(emission, false);
    waiting[++last_id] = {event.name, emission, event};
    queue.emplace_back(last_id, event);
  }
};

// The records in force, and none of what was not written.
class FakeMemory final : public Memory {
public:
  explicit FakeMemory(Fault& with_fault) : fault{with_fault} {}
  void put(std::string_view key, std::string_view bytes) override {
    if (fails) throw std::bad_alloc{};
    unwritten_[std::string{key}] = bytes;
  }
  void erase(std::string_view key) override { unwritten_[std::string{key}] = std::nullopt; }
  void write(const All&) override {
    fault.pass();
    for (auto& [key, bytes] : std::exchange(unwritten_, {})) {
      if (bytes) records[key] = *bytes;
      else CHECK(records.erase(key) == 1); // nothing is erased that is not there
    }
    fault.pass();
  }
  void rewrite(const All& all) override {
    if (fails) throw std::bad_alloc{};
    unwritten_.clear();
    records.clear();
    all([this](std::string_view key, std::string_view bytes) { records[std::string{key}] = bytes; });
  }
  void keep_file(FileId id, const base::FileDescriptor&) override {
    CHECK(files.emplace(id, std::make_shared<const base::FileDescriptor>()).second); // once
  }
  void forget_file(FileId id) override { CHECK(files.erase(id) == 1); }
  // What was not written is lost.
  void die() { unwritten_.clear(); }

  Fault& fault;
  Records records;
  KeptFiles files;
  bool fails = false; // as where there is no memory left

private:
  std::map<std::string, std::optional<std::string>> unwritten_;
};

// What was told, as lines.
class Recorder final : public Observer, public Log {
public:
  void tell(const Notice& notice) override {
    if (!deaf || std::holds_alternative<notice::SessionEnded>(notice))
      std::visit([this](const auto& each) { lines.push_back(line(each)); }, notice);
  }
  void write(Severity, const std::string& text) override { log.push_back(text); }

  [[nodiscard]] bool has(const std::string& line) const { return std::ranges::contains(lines, line); }
  [[nodiscard]] std::ptrdiff_t place(const std::string& line) const {
    return std::ranges::find(lines, line) - lines.begin();
  }
  std::vector<std::string> lines, log;
  bool deaf = false;

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
    for (const auto& entry : event.as_given.empty() ? event.environment.strings() : event.as_given) text += " " + entry;
    return text;
  }
  static std::string line(const notice::ConditionsChanged& of) {
    return "conditions " + of.event + " " + of.job + " " + std::to_string(of.start_on.nodes.size());
  }
  static std::string line(const notice::ActivityChanged& of) {
    return "active " + of.job + " " + std::to_string(of.active);
  }
  static std::string line(const notice::BridgesWanted& of) {
    std::string result = "bridges";
    for (const auto& bridge : of.bridges) result += " " + bridge;
    return result;
  }
  static std::string line(const notice::SocketHeld& of) {
    return of.job + (of.held ? " has " : " has no longer ") + of.identity;
  }
  static std::string line(const notice::SessionEnded&) { return "session ended"; }
};

} // namespace upstart::supervisor::test
