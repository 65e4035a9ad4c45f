// `expect fork` and `expect daemon`, right and wrong: each job is accepted in bounded time, supervised where it really
// runs, and stopped with no process left.
#include "daemons/job-supervisor/process/tests/actors-fixture.hpp"

using namespace upstart;
using namespace upstart::supervisor;
using namespace upstart::supervisor::test;

namespace {

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
  CHECK(troupe.warned_of(
      "actor-2 main process: expect fork, but it has forked more than once: expect daemon would be right"));
  CHECK(troupe.warned_of("actor-3 main process: expect daemon, but it has not forked"));
  CHECK(
      troupe.warned_of("actor-4 main process: expect daemon, but it has forked only once: expect fork would be right"));
  CHECK_FALSE(troupe.warned_of("actor-5 "));
  CHECK_FALSE(troupe.warned_of("actor-6 "));
}

TEST_CASE("a right expect is ready at once, not after a time of watching") {
  constexpr Patience endless{1h, 1h};
  Troupe troupe{true, {.forks = {.before_a_fork = endless, .beside_its_child = endless, .when_ready = endless}}};
  troupe.add(Expect::fork, "fork note");
  troupe.add(Expect::daemon, "fork setsid fork note");
  troupe.await_all(&Actor::ready);
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
    auto all_follow = [&] {
      return std::ranges::all_of(troupe.actors, [](const auto& one) { return one->supervises_the_last(); });
    };
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
    REQUIRE(await(job.loop, [&] {
      return job.events.ready_pid != 0 && contents(note) == std::to_string(job.events.ready_pid) + "\n";
    }));
    job.job->signal(ProcessKind::main, SIGKILL);
    CHECK(job.await_told("main ended"));
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
