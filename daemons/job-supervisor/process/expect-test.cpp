// How main processes say that they are ready, and what becomes of jobs whose `expect` is wrong: each is accepted in bounded
// time, supervised where it really runs, and stopped with no process left.
#include "daemons/job-supervisor/process/process-test-support.hpp"

#include <csignal>
#include <sstream>

using namespace upstart;
using namespace upstart::supervisor;
using namespace upstart::supervisor::test;
using Told = std::vector<std::string>;

namespace {

const std::string actor = UPSTART_TEST_ACTOR;

bool exists(pid_t pid) {
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
constexpr ExpectTimes impatient{.forks = {.before_a_fork = {1s, 15s}, .beside_its_child = {1500ms, 15s}}};

struct Troupe {
  explicit Troupe(bool groups = true)
      : all{loop, {.log_directory = "", .control_groups = groups, .expect_times = impatient, .warn = [this](const std::string& text) { warnings.push_back(text); }}} {}

  ~Troupe() {
    for (const auto& one : actors) one->processes->kill_leftovers();
  }
  Troupe(const Troupe&) = delete;
  Troupe& operator=(const Troupe&) = delete;

  Actor& add(Expect expect, const std::string& words) {
    return *actors.emplace_back(std::make_unique<Actor>(all, directory, static_cast<int>(actors.size()), expect, words));
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
    for (const auto& one : actors) one->processes->kill_leftovers();
    await_all(&Actor::leaves_nothing);
  }
  [[nodiscard]] bool warned_of(const std::string& text) const {
    return std::ranges::any_of(warnings, [&](const std::string& warning) { return warning.contains(text); });
  }

  Directory directory;
  protocol::EventLoop loop;
  std::vector<std::string> warnings;
  RealProcesses all;
  std::vector<std::unique_ptr<Actor>> actors;
};

// Each number of forks, in each manner of making them.
std::vector<std::string> all_manners_of_forking() {
  std::vector<std::string> found;
  for (std::string fork : {"fork ", "setsid fork ", "fork setsid ", "sleep=30 fork sleep=20 "})
    for (int forks = 0; forks <= 3; ++forks) {
      std::string words;
      for (int i = 0; i < forks; ++i) words += fork;
      found.push_back(words + "note");
    }
  return found;
}

void start_everything(Troupe& troupe) {
  for (Expect expect : {Expect::fork, Expect::daemon})
    for (const std::string& words : all_manners_of_forking()) troupe.add(expect, words);
}

} // namespace

TEST_CASE("expect fork and daemon find the service however often it forks, and a stop leaves nothing") {
  for (bool groups : {true, false}) {
    Troupe troupe{groups};
    start_everything(troupe);
    troupe.await_all(&Actor::supervises_the_last);
    troupe.stop_all();
    for (const auto& one : troupe.actors) CHECK(WTERMSIG(one->events.ends[ProcessKind::main]) == SIGTERM);
  }
}

TEST_CASE("a crash of the service is told with its signal, however often it forked") {
  Troupe troupe;
  start_everything(troupe);
  troupe.await_all(&Actor::supervises_the_last);
  for (const auto& one : troupe.actors) {
    REQUIRE_FALSE(one->noted().empty());
    ::kill(one->noted().back(), SIGSEGV);
  }
  troupe.await_all(&Actor::ended);
  for (const auto& one : troupe.actors) CHECK(WTERMSIG(one->events.ends[ProcessKind::main]) == SIGSEGV);
}

TEST_CASE("a wrong expect is named with the right one, a right one is not") {
  Troupe troupe;
  troupe.add(Expect::fork, "note");
  troupe.add(Expect::fork, "fork note");
  troupe.add(Expect::fork, "fork setsid fork note");
  troupe.add(Expect::daemon, "note");
  troupe.add(Expect::daemon, "fork note");
  troupe.add(Expect::daemon, "fork setsid fork note");
  troupe.add(Expect::daemon, "sleep=30 fork sleep=30 fork sleep=30 note");
  troupe.await_all(&Actor::supervises_the_last);
  CHECK(troupe.warned_of("actor-0 main process: expect fork, but it has not forked"));
  CHECK_FALSE(troupe.warned_of("actor-1 "));
  CHECK(troupe.warned_of("actor-2 main process: expect fork, but it has forked more than once: expect daemon would be right"));
  CHECK(troupe.warned_of("actor-3 main process: expect daemon, but it has not forked"));
  CHECK(troupe.warned_of("actor-4 main process: expect daemon, but it has forked only once: expect fork would be right"));
  CHECK_FALSE(troupe.warned_of("actor-5 "));
  CHECK_FALSE(troupe.warned_of("actor-6 "));
}

TEST_CASE("a right expect is ready at once, not after a time of watching") {
  Troupe troupe;
  troupe.add(Expect::fork, "fork note");
  troupe.add(Expect::daemon, "fork setsid fork note");
  auto began = std::chrono::steady_clock::now();
  troupe.await_all(&Actor::ready);
  CHECK(std::chrono::steady_clock::now() - began < 400ms);
}

TEST_CASE("a parent that never ends is supervised itself, and its child ends with it") {
  for (bool groups : {true, false}) {
    Troupe troupe{groups};
    for (Expect expect : {Expect::fork, Expect::daemon}) {
      troupe.add(expect, "note fork-stay note");
      troupe.add(expect, "note fork-stay setsid note");
      troupe.add(expect, "note fork-wait note");
    }
    troupe.await_all(&Actor::ready);
    for (const auto& one : troupe.actors) CHECK_MESSAGE(one->events.ready_pid == one->noted().front(), one->words);
    CHECK(troupe.warned_of("actor-0 main process: expect fork, but its first process has not ended after forking"));
    CHECK_FALSE(troupe.warned_of("it has not forked"));
    troupe.stop_all();
  }
}

TEST_CASE("a parent that never ends and crashes is told with its signal, and its child can be ended") {
  for (bool groups : {true, false}) {
    Troupe troupe{groups};
    for (Expect expect : {Expect::fork, Expect::daemon}) troupe.add(expect, "note fork-stay setsid note");
    troupe.await_all(&Actor::ready);
    for (const auto& one : troupe.actors) {
      REQUIRE(one->events.ready_pid > 0);
      ::kill(one->events.ready_pid, SIGSEGV);
    }
    troupe.await_all(&Actor::ended);
    for (const auto& one : troupe.actors) {
      CHECK(WTERMSIG(one->events.ends[ProcessKind::main]) == SIGSEGV);
      one->processes->kill_leftovers();
    }
    troupe.await_all(&Actor::leaves_nothing);
  }
}

TEST_CASE("a child that dies first does not end the service") {
  Troupe troupe;
  troupe.add(Expect::fork, "fork-brief fork note");
  troupe.add(Expect::daemon, "fork-brief fork setsid fork-brief fork note");
  troupe.await_all(&Actor::supervises_the_last);
  troupe.stop_all();
}

TEST_CASE("a main process that ends before it is ready is told as ended, with its status, and never as ready") {
  Troupe troupe;
  troupe.add(Expect::fork, "note exit=3");
  troupe.add(Expect::fork, "note fork exit=4");
  troupe.add(Expect::daemon, "note fork sleep=50 exit=5");
  troupe.add(Expect::stop, "note exit=6");
  troupe.add(Expect::ready_fd, "note exit=7");
  troupe.add(Expect::notify, "note exit=8");
  troupe.await_all(&Actor::ended);
  for (std::size_t i : {0, 2, 3, 4, 5}) {
    CHECK(troupe.actors[i]->events.ends[ProcessKind::main] == W_EXITCODE(static_cast<int>(i) + 3, 0));
    CHECK_FALSE(troupe.actors[i]->ready());
  }
  CHECK(troupe.actors[1]->ended()); // by whom it was supervised when it ended depends on who was faster
}

TEST_CASE("a service that forks long after it was accepted is followed") {
  Troupe troupe;
  Actor& late = troupe.add(Expect::fork, "sleep=2000 fork note");
  REQUIRE(await(troupe.loop, [&] { return late.ready(); }));
  CHECK(late.noted().empty());
  REQUIRE(await(troupe.loop, [&] { return late.supervises_the_last(); }));
  CHECK(late.events.told == Told{"main executed", "ready", "moved"});
  troupe.stop_all();
}

TEST_CASE("a daemon that rests between its forks is not lost") {
  for (bool groups : {true, false}) {
    Troupe troupe{groups};
    for (Expect expect : {Expect::fork, Expect::daemon}) {
      troupe.add(expect, "fork setsid sleep=700 fork note");
      troupe.add(expect, "fork setsid sleep=1300 fork note");
    }
    auto all_follow = [&] { return std::ranges::all_of(troupe.actors, [](const auto& one) { return one->supervises_the_last(); }); };
    REQUIRE(await(troupe.loop, all_follow));
    for (const auto& one : troupe.actors) CHECK_MESSAGE(!one->ended(), one->words);
    troupe.stop_all();
  }
}

TEST_CASE("a parent may end its fork with any status") {
  Troupe troupe;
  troupe.add(Expect::fork, "fork-fail setsid note");
  troupe.add(Expect::daemon, "fork-fail setsid fork-fail note");
  troupe.await_all(&Actor::supervises_the_last);
  CHECK(troupe.warnings.empty());
  troupe.stop_all();
}

TEST_CASE("a parent that ends only when its child is ready is waited for") {
  Troupe troupe;
  troupe.add(Expect::fork, "fork-end=1200 setsid note");
  troupe.add(Expect::daemon, "fork-end=1200 setsid fork note");
  troupe.await_all(&Actor::supervises_the_last);
  for (const auto& one : troupe.actors) CHECK_MESSAGE((one->events.told == Told{"main executed", "ready"}), one->words);
  CHECK(troupe.warnings.empty());
  troupe.stop_all();
}

TEST_CASE("a shell around the service is looked through") {
  Troupe troupe{false};
  Directory directory;
  for (Expect expect : {Expect::fork, Expect::daemon}) {
    TestJob job;
    job.job_class.expect = expect;
    std::string note = job.directory / "pid";
    job.script("true\n" + actor + " fork setsid fork note=" + note + "\necho started\n");
    REQUIRE(job.spawn());
    REQUIRE(await(job.loop, [&] { return job.events.ready_pid != 0 && contents(note) == std::to_string(job.events.ready_pid) + "\n"; }));
    job.job->signal(ProcessKind::main, SIGKILL);
    CHECK(job.await_told("main ended"));
  }
}

TEST_CASE("an order to end is obeyed: who remains then is left over, not the service") {
  Troupe troupe{false};
  Actor& graceful = troupe.add(Expect::fork, "fork end-on=15 fork-stay setsid note");
  REQUIRE(await(troupe.loop, [&] { return graceful.ready() && !graceful.noted().empty(); }));
  graceful.processes->signal(ProcessKind::main, SIGTERM);
  troupe.await_all(&Actor::ended);
  CHECK(graceful.events.told == Told{"main executed", "ready", "main ended"});
  CHECK(exists(graceful.noted().back()));
  graceful.processes->kill_leftovers();
  troupe.await_all(&Actor::leaves_nothing);
}

TEST_CASE("main's end is told when all that it started has ended, each in its own time") {
  for (bool groups : {true, false}) {
    TestJob job;
    job.options.control_groups = groups;
    std::string note = job.directory / "wound-up";
    job.exec(actor + " fork-stay fork-stay wind-up=" + note + " note=" + (job.directory / "there"));
    auto pid = job.spawn();
    REQUIRE(await(job.loop, [&] { return !contents(job.directory / "there").empty(); }));
    job.job->signal(ProcessKind::main, SIGTERM);
    REQUIRE(job.await_told("main ended"));
    CHECK(contents(note) == contents(job.directory / "there"));
    CHECK(WTERMSIG(job.events.ends[ProcessKind::main]) == SIGTERM); // its own end, not that of the last
    CHECK(job.events.ready_pid != *pid);                            // meanwhile the one that remained was shown
  }
}

TEST_CASE("who began a session hears of the end, too, where there are control groups") {
  TestJob job;
  std::string note = job.directory / "wound-up";
  job.exec(actor + " fork-stay setsid wind-up=" + note + " note=" + (job.directory / "there"));
  REQUIRE(job.spawn());
  if (!job.processes->groups().available()) {
    MESSAGE("skipped: no control group can be made here");
    return;
  }
  REQUIRE(await(job.loop, [&] { return !contents(job.directory / "there").empty(); }));
  job.job->signal(ProcessKind::main, SIGTERM);
  REQUIRE(job.await_told("main ended"));
  CHECK(contents(note) == contents(job.directory / "there"));
}

TEST_CASE("who does not listen is killed with main, though main has ended long ago") {
  for (bool groups : {true, false}) {
    Troupe troupe{groups};
    Actor& deaf = troupe.add(Expect::none, "fork-stay ignore=15 fork-stay note");
    REQUIRE(await(troupe.loop, [&] { return !deaf.noted().empty(); }));
    deaf.processes->signal(ProcessKind::main, SIGTERM);
    REQUIRE(await(troupe.loop, [&] { return deaf.events.has("moved"); }));
    CHECK_FALSE(deaf.ended());
    deaf.processes->signal(ProcessKind::main, SIGKILL);
    troupe.await_all(&Actor::ended);
    troupe.await_all(&Actor::leaves_nothing);
  }
}

TEST_CASE("leftovers that nobody has asked to end are asked, and killed when their time is over") {
  for (bool groups : {true, false}) {
    Troupe troupe{groups};
    Actor& graceful = troupe.add(Expect::none, "fork-stay setsid wind-up=NOTE note");
    Actor& deaf = troupe.add(Expect::none, "fork-stay setsid ignore=15 note");
    REQUIRE(await(troupe.loop, [&] { return !graceful.noted().empty() && !deaf.noted().empty(); }));
    for (const auto& one : troupe.actors) one->processes->signal_process(ProcessKind::main, SIGKILL);
    troupe.await_all(&Actor::ended);
    for (const auto& one : troupe.actors) one->processes->end_leftovers(SIGTERM, 1s);
    CHECK(exists(graceful.noted().back()));
    troupe.await_all(&Actor::leaves_nothing);
    CHECK(graceful.noted().size() == 2); // it had its time
  }
}

TEST_CASE("what an earlier instance has left is not the service of a later one") {
  TestJob job;
  job.options.control_groups = false;
  job.exec(actor + " fork-stay setsid note=" + (job.directory / "pid"));
  REQUIRE(job.spawn());
  REQUIRE(await(job.loop, [&] { return contents(job.directory / "pid").ends_with("\n"); }));
  pid_t left = std::stoi(contents(job.directory / "pid"));
  job.job->signal(ProcessKind::main, SIGKILL);
  REQUIRE(job.await_told("main ended"));
  job.job.reset();
  auto tick = ticks_since_boot();
  REQUIRE(await(job.loop, [&] { return ticks_since_boot() > tick + 1; }));
  job.job_class.expect = Expect::fork;
  job.exec("true");
  job.events.told.clear();
  job.run();
  CHECK(job.events.told == Told{"main executed", "main ended"});
  CHECK(::kill(left, SIGKILL) == 0);
}

TEST_CASE("what pre-start or post-start has left is not main's child") {
  for (ProcessKind other : {ProcessKind::pre_start, ProcessKind::post_start}) {
    TestJob job;
    job.job_class.expect = Expect::fork;
    job.exec(actor + " fork note=" + (job.directory / "left"), other);
    job.exec(actor + " sleep=300 exit=0");
    bool before_main = other == ProcessKind::pre_start;
    if (!before_main) REQUIRE(job.spawn());
    REQUIRE(job.spawn(other));
    REQUIRE(job.await_told(Recorder::name(other) + " ended"));
    REQUIRE(await(job.loop, [&] { return !contents(job.directory / "left").empty(); }));
    if (before_main) REQUIRE(job.spawn());
    CHECK(job.await_told("main ended"));
    CHECK_FALSE(job.events.has("ready"));
  }
}

TEST_CASE("expect stop is ready when the process has stopped itself, and lets it go on") {
  TestJob job;
  job.job_class.expect = Expect::stop;
  job.exec(actor + " stop note=" + (job.directory / "pid"));
  auto pid = job.spawn();
  REQUIRE(pid);
  REQUIRE(job.await_told("ready"));
  CHECK(job.events.ready_pid == *pid);
  REQUIRE(await(job.loop, [&] { return !contents(job.directory / "pid").empty(); }));
  job.job->signal(ProcessKind::main, SIGKILL);
  CHECK(job.await_told("main ended"));
}

TEST_CASE("expect stop lets a process go on that stops itself after it was accepted") {
  TestJob job;
  job.options.expect_times.stop = {.quiet_to_warning = 50ms, .acceptance = {100ms, 1s}};
  job.job_class.expect = Expect::stop;
  job.exec(actor + " sleep=600 stop note=" + (job.directory / "went-on"));
  REQUIRE(job.spawn());
  REQUIRE(job.await_told("ready"));
  CHECK(contents(job.directory / "went-on").empty());
  REQUIRE(await(job.loop, [&] { return !contents(job.directory / "went-on").empty(); }));
  CHECK(job.events.told == Told{"main executed", "ready"});
  REQUIRE(job.warnings.size() == 2);
  CHECK(job.warnings[0] == "job main process: expect stop, but it has not stopped itself yet: still waiting");
  CHECK(job.warnings[1] == "job main process: expect stop, but it has not stopped itself: it would be right without expect");
}

TEST_CASE("who does not say that it is ready is warned of, and at last accepted") {
  for (auto [expect, what] : {std::pair{Expect::ready_fd, "readyfd, but nothing was written to READY_FD"}, {Expect::notify, "notify, but it has not said READY=1"}}) {
    TestJob job;
    job.options.expect_times.word = {.quiet_to_warning = 50ms, .acceptance = {5s, 300ms}};
    job.job_class.expect = expect;
    job.exec(actor);
    REQUIRE(job.spawn());
    REQUIRE(await(job.loop, [&] { return job.warnings.size() == 1; }));
    CHECK(job.warnings[0] == std::string{"job main process: expect "} + what + " yet: still waiting");
    CHECK_FALSE(job.events.has("ready"));
    REQUIRE(job.await_told("ready"));
    REQUIRE(job.warnings.size() == 2);
    CHECK(job.warnings[1] == std::string{"job main process: expect "} + what + ": it would be right without expect");
  }
}

TEST_CASE("who was ready in time is not warned of later") {
  for (auto [expect, says] : {std::pair{Expect::stop, " stop "}, {Expect::ready_fd, " ready "}, {Expect::notify, " say=READY=1 "}}) {
    TestJob job;
    auto& times = job.options.expect_times;
    times.stop = times.word = {.quiet_to_warning = 200ms, .acceptance = {300ms, 400ms}};
    job.job_class.expect = expect;
    job.exec(actor + says + "sleep=700 note=" + (job.directory / "later"));
    REQUIRE(job.spawn());
    REQUIRE(await(job.loop, [&] { return !contents(job.directory / "later").empty(); }));
    CHECK(job.events.told == Told{"main executed", "ready"});
    CHECK(job.warnings.empty());
  }
}

TEST_CASE("who is told to end need not say that it is ready any more") {
  for (Expect expect : {Expect::stop, Expect::ready_fd, Expect::notify}) {
    TestJob job;
    auto& times = job.options.expect_times;
    times.stop = times.word = {.quiet_to_warning = 100ms, .acceptance = {150ms, 200ms}};
    job.job_class.expect = expect;
    job.exec(actor + " sleep=500 note=" + (job.directory / "later"));
    REQUIRE(job.spawn());
    REQUIRE(job.await_told("main executed"));
    job.job->signal(ProcessKind::main, SIGCONT);
    REQUIRE(await(job.loop, [&] { return !contents(job.directory / "later").empty(); }));
    CHECK(job.events.told == Told{"main executed"});
    CHECK(job.warnings.empty());
  }
}

TEST_CASE("what a service says meanwhile prolongs the patience with it") {
  TestJob job;
  job.options.expect_times.word = {.quiet_to_warning = 1s, .acceptance = {5s, 600ms}};
  job.job_class.expect = Expect::notify;
  job.exec(actor + " sleep=350 say=STATUS=1 sleep=350 say=STATUS=2 sleep=350 say=READY=1");
  REQUIRE(job.spawn());
  REQUIRE(job.await_told("ready"));
  CHECK(job.events.status_text == "2");
  CHECK(job.warnings.empty());
}

TEST_CASE("who detaches itself where no forks are followed is warned of") {
  for (auto [expect, words, right] : {std::tuple{Expect::ready_fd, " fork note=", "expect fork would be right"},
                                      {Expect::ready_fd, " ready fork note=", "expect fork would be right"},
                                      {Expect::notify, " fork setsid note=", "expect fork or MAINPID= would be right"},
                                      {Expect::notify, " say=READY=1 fork note=", "expect fork or MAINPID= would be right"}}) {
    TestJob job;
    job.job_class.expect = expect;
    job.exec(actor + words + (job.directory / "pid"));
    REQUIRE(job.spawn());
    REQUIRE(job.await_told("main ended"));
    CHECK(job.events.ends[ProcessKind::main] == 0);
    REQUIRE(job.warnings.size() == 1);
    CHECK(job.warnings[0].ends_with(std::string{", but its first process has ended and left others behind: "} + right));
  }
}

TEST_CASE("who was told to end, failed, or named another as its main process has not detached itself") {
  for (std::string words : {"fork-stay say=MAINPID=% say=READY=1 end-on=15 note=", "fork-fail note="}) {
    TestJob job;
    job.job_class.expect = Expect::notify;
    job.exec(actor + " " + words + (job.directory / "pid"));
    REQUIRE(job.spawn());
    REQUIRE(await(job.loop, [&] { return !contents(job.directory / "pid").empty(); }));
    job.job->signal(ProcessKind::main, SIGTERM);
    REQUIRE(job.await_told("main ended"));
    CHECK(job.warnings.empty());
  }
}

TEST_CASE("expect readyfd is ready at a byte, or when the descriptor is closed") {
  for (bool closes : {true, false}) {
    TestJob job;
    job.job_class.expect = Expect::ready_fd;
    if (closes) job.script("eval \"exec $READY_FD<&-\"\nexec sleep 1000\n");
    else job.exec(actor + " ready");
    REQUIRE(job.spawn());
    REQUIRE(job.await_told("ready"));
    job.job->signal(ProcessKind::main, SIGKILL);
    CHECK(job.await_told("main ended"));
  }
}

TEST_CASE("expect notify is ready at READY=1 and not before, and tells the status") {
  TestJob job;
  job.job_class.expect = Expect::notify;
  job.script(actor + " say=STATUS=working exit=0\n[ -f " + (job.directory / "go") + " ] || sleep 0.05\nexec " + actor + " say=READY=1\n");
  REQUIRE(job.spawn());
  REQUIRE(await(job.loop, [&] { return job.events.status_text == "working"; }));
  CHECK_FALSE(job.events.has("ready"));
  REQUIRE(job.await_told("ready"));
  job.job->signal(ProcessKind::main, SIGTERM);
  CHECK(job.await_told("main ended"));
}

TEST_CASE("expect notify follows MAINPID to a process of the job, and refuses another") {
  TestJob job;
  job.job_class.expect = Expect::notify;
  job.script(actor + " say=MAINPID=1 exit=0\nexec " + actor + " fork-stay note=" + (job.directory / "pid") + " say=MAINPID=% say=READY=1\n");
  REQUIRE(job.spawn());
  REQUIRE(job.await_told("ready"));
  CHECK(std::to_string(job.events.ready_pid) + "\n" == contents(job.directory / "pid"));
  CHECK(job.warnings.size() == 1);
  job.job->signal(ProcessKind::main, SIGKILL);
  CHECK(job.await_told("main ended"));
  job.job->kill_leftovers();
}

TEST_CASE("a service that misses its watchdog is ended") {
  TestJob job;
  job.job_class.expect = Expect::notify;
  job.job_class.watchdog = 1s;
  job.script("[ $WATCHDOG_USEC = 1000000 ] && [ $WATCHDOG_PID = $$ ] || exit 9\nexec " + actor + " say=READY=1 sleep=600 say=WATCHDOG=1 sleep=600 say=STATUS=alive\n");
  REQUIRE(job.spawn());
  REQUIRE(job.await_told("main ended"));
  CHECK(job.events.status_text == "alive");
  CHECK(WTERMSIG(job.events.ends[ProcessKind::main]) == SIGABRT);
}

TEST_CASE("a service that asks for it is ended as by its watchdog, and the warning does not say that it was silent") {
  TestJob job;
  job.job_class.expect = Expect::notify;
  job.exec(actor + " say=READY=1 say=WATCHDOG=trigger");
  REQUIRE(job.spawn());
  REQUIRE(job.await_told("main ended"));
  CHECK(WTERMSIG(job.events.ends[ProcessKind::main]) == SIGABRT);
  CHECK(job.warnings == Told{"job main process: it has said WATCHDOG=trigger: ended"});
}

TEST_CASE("what has begun a session of its own is ended with the job, without control groups as with them") {
  for (bool groups : {true, false}) {
    Troupe troupe{groups};
    troupe.add(Expect::none, "note fork-stay setsid note");
    troupe.add(Expect::none, "note fork-stay fork setsid fork note");
    troupe.add(Expect::none, "note fork-stay setsid note fork-stay note");
    REQUIRE(await(troupe.loop, [&] { return std::ranges::all_of(troupe.actors, [](const auto& one) { return one->noted().size() >= 2; }); }));
    troupe.stop_all();
  }
}

TEST_CASE("a process may be spawned after the leftovers were killed") {
  for (bool groups : {true, false}) {
    TestJob job;
    job.options.control_groups = groups;
    job.exec("sleep 1000");
    job.exec("true", ProcessKind::post_stop);
    REQUIRE(job.spawn());
    REQUIRE(job.await_told("ready"));
    job.job->kill_leftovers();
    REQUIRE(job.await_told("main ended"));
    REQUIRE(job.spawn(ProcessKind::post_stop));
    REQUIRE(job.await_told("post-stop ended"));
    CHECK(job.events.ends[ProcessKind::post_stop] == 0);
  }
}

TEST_CASE("a process that has cleared its environment is ended with its job where there are control groups") {
  Troupe troupe;
  if (!troupe.all.groups().available()) {
    MESSAGE("skipped: no control group can be made here");
    return;
  }
  Actor& one = troupe.add(Expect::none, "fork-stay setsid forget fork note");
  REQUIRE(await(troupe.loop, [&] { return !one.noted().empty(); }));
  troupe.stop_all();
}
