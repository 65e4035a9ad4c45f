// What the tests of processes have in common: a loop, a directory, the real thing and somebody who writes down what it
// tells.
#pragma once

#include "daemons/job-supervisor/process/instances/real-processes.hpp"

#include <doctest/doctest.h>

#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <string>
#include <unistd.h>
#include <vector>

namespace upstart::supervisor::test {

using namespace std::chrono_literals;

class Directory {
public:
  Directory() { REQUIRE(::mkdtemp(path_.data()) != nullptr); }
  ~Directory() { std::filesystem::remove_all(path_); }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string operator/(const std::string& name) const { return path_ + "/" + name; }

private:
  std::string path_ = std::filesystem::temp_directory_path() / "upstart-process-XXXXXX";
};

inline std::string contents(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{file}, {}};
}

// Runs the loop until it is so; false when that takes too long.
inline bool await(base::EventLoop& loop, const std::function<bool()>& condition,
                  std::chrono::milliseconds longest = 20s) {
  bool expired = false;
  base::Timer timer{loop, [&] { expired = true; }};
  base::Timer tick{loop, [] {}}; // conditions may be about what no event tells, such as files
  timer.start(longest);
  tick.start_repeating(5ms);
  while (!condition() && !expired) loop.run_once();
  return condition();
}

// Writes down what it is told, in words.
struct Recorder : ProcessEvents {
  std::vector<std::string> told;
  std::map<ProcessKind, int> ends;
  pid_t ready_pid = 0;
  std::function<void()> at_executed{}, at_ready{}, at_notes{}; // whoever is told does this at once
  std::vector<pid_t> left;                                     // behind, by main, and waited for
  std::string reason, status_text;
  std::function<void()> on_ended;

  void executed(ProcessKind kind) override {
    told.push_back(name(kind) + " executed");
    if (at_executed) at_executed();
  }
  void not_executed(ProcessKind kind, const SpawnFailure& failure) override {
    told.push_back(name(kind) + " not executed");
    reason = failure.reason;
  }
  void ready(pid_t pid) override {
    told.emplace_back("ready");
    ready_pid = pid;
    if (at_ready) at_ready();
  }
  void moved(pid_t pid) override {
    told.emplace_back("moved");
    ready_pid = pid;
  }
  void left_behind(pid_t pid) override { left.push_back(pid); }
  void status(const std::string& text) override { status_text = text; }
  void notes_changed() override {
    if (at_notes) at_notes();
  }
  void time_asked(std::chrono::milliseconds time) override {
    told.push_back("time asked " + std::to_string(time.count()));
  }
  void ended(ProcessKind kind, int wait_status) override {
    told.push_back(name(kind) + " ended");
    ends[kind] = wait_status;
    if (on_ended) on_ended();
  }

  [[nodiscard]] bool has(const std::string& what) const { return std::ranges::find(told, what) != told.end(); }
  static std::string name(ProcessKind kind) { return std::string{name_of(kind)}; }
};

// A job of one process, and everything it needs.
struct TestJob {
  explicit TestJob(ProcessOptions wanted = {}) : options{std::move(wanted)} {
    job_class.name = "job";
    if (options.log_directory.empty()) options.log_directory = directory.path();
    options.warn = [this](const std::string& message) { warnings.push_back(message); };
    request.environment = {"PATH=/bin:/usr/bin", "TERM=linux", "UPSTART_JOB=job", "UPSTART_INSTANCE="};
  }

  ~TestJob() {
    if (job) job->kill_strays();
  }
  TestJob(const TestJob&) = delete;
  TestJob& operator=(const TestJob&) = delete;

  void exec(std::string text, ProcessKind kind = ProcessKind::main) {
    job_class.commands[static_cast<std::size_t>(kind)] = Command{std::move(text), false};
  }
  void script(std::string text) { job_class.commands[0] = Command{std::move(text), true}; }

  std::expected<pid_t, SpawnFailure> spawn(ProcessKind kind = ProcessKind::main) {
    if (!processes) processes = std::make_unique<RealProcesses>(loop, options);
    if (!job) job = processes->open(std::make_shared<JobClass>(job_class), "", events);
    request.kind = kind;
    return job->spawn(request);
  }
  // Spawns the main process and waits for its end; what it wrote to its log.
  std::string run() {
    auto pid = spawn();
    REQUIRE_MESSAGE(pid.has_value(), (pid ? "" : pid.error().reason));
    REQUIRE(await_told("main ended"));
    return log();
  }
  // The reason why it cannot be executed.
  std::string refusal() {
    auto pid = spawn();
    if (!pid) return pid.error().reason;
    REQUIRE(await(loop, [&] { return events.has("main not executed") || events.has("main ended"); }));
    CHECK_FALSE(events.has("main executed"));
    return events.reason;
  }
  bool await_told(const std::string& what) {
    return await(loop, [&] { return events.has(what); });
  }
  [[nodiscard]] std::string log() const { return contents(directory / "job.log"); }

  Directory directory;
  base::EventLoop loop;
  JobClass job_class;
  ProcessOptions options;
  SpawnRequest request;
  Recorder events;
  std::vector<std::string> warnings;
  std::unique_ptr<RealProcesses> processes;
  std::unique_ptr<JobProcesses> job;
};

} // namespace upstart::supervisor::test
