// `expect fork` and `expect daemon`, right and wrong: each job is accepted in bounded time, supervised where it really
// runs, and stopped with no process left.
#include "daemons/job-supervisor/process/test/actors-fixture.hpp"

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

void start_everything(ActorsFixture& fixture) {
  for (Expect expect : {Expect::fork, Expect::daemon})
    for (const std::string& words : all_manners_of_forking()) fixture.add(expect, words);
}

} // namespace

TEST_CASE("expect fork and daemon find the service however often it forks, and a stop leaves nothing") {
  for (bool groups : {true, false}) {
    ActorsFixture fixture{groups};
    start_everything(fixture);
    fixture.await_all(&Actor::supervises_the_last);
    fixture.stop_all();
    for (const auto& one : fixture.actors) CHECK(WTERMSIG(one->events.ends[ProcessKind::main]) == SIGTERM);
  }
}

TEST_CASE("a crash of the service is told with its signal, however often it forked") {
  ActorsFixture fixture;
  start_everything(fixture);
  fixture.await_all(&Actor::supervises_the_last);
  for (const auto& one : fixture.actors) {
    REQUIRE_FALSE(one->noted().empty());
    ::kill(one->noted().back(), SIGSEGV);
  }
  fixture.await_all(&Actor::ended);
  for (const auto& one : fixture.actors) CHECK(WTERMSIG(one->events.ends[ProcessKind::main]) == SIGSEGV);
}

TEST_CASE("a wrong expect is named with the right one, a right one is not") {
  ActorsFixture fixture;
  fixture.add(Expect::fork, "note");
  fixture.add(Expect::fork, "fork note");
  fixture.add(Expect::fork, "fork setsid fork note");
  fixture.add(Expect::daemon, "note");
  fixture.add(Expect::daemon, "fork note");
  fixture.add(Expect::daemon, "fork setsid fork note");
  fixture.add(Expect::daemon, "sleep=30 fork sleep=30 fork sleep=30 note");
  fixture.await_all(&Actor::supervises_the_last);
  CHECK(fixture.warned_of("actor-0 main process: has not forked (expect fork)"));
  CHECK_FALSE(fixture.warned_of("actor-1 "));
  CHECK(fixture.warned_of("actor-2 main process: has forked more than once (expect fork); its last process is "
                          "supervised; use expect daemon"));
  CHECK(fixture.warned_of("actor-3 main process: has not forked (expect daemon)"));
  CHECK(
      fixture.warned_of("actor-4 main process: has forked only once (expect daemon); taken as ready; use expect fork"));
  CHECK_FALSE(fixture.warned_of("actor-5 "));
  CHECK_FALSE(fixture.warned_of("actor-6 "));
}

TEST_CASE("a right expect is ready at once, not after a time of watching") {
  constexpr SettleTime endless{1h, 1h};
  ActorsFixture fixture{true,
                        {.forks = {.before_fork = endless, .parent_beside_child = endless, .after_ready = endless}}};
  fixture.add(Expect::fork, "fork note");
  fixture.add(Expect::daemon, "fork setsid fork note");
  fixture.await_all(&Actor::ready);
}

TEST_CASE("a parent that never ends is supervised itself, and its child ends with it") {
  for (bool groups : {true, false}) {
    ActorsFixture fixture{groups};
    for (Expect expect : {Expect::fork, Expect::daemon}) {
      fixture.add(expect, "note fork-stay note");
      fixture.add(expect, "note fork-stay setsid note");
      fixture.add(expect, "note fork-wait note");
    }
    fixture.await_all(&Actor::ready);
    for (const auto& one : fixture.actors) CHECK_MESSAGE(one->events.ready_pid == one->noted().front(), one->words);
    CHECK(fixture.warned_of("actor-0 main process: has not ended after forking (expect fork)"));
    CHECK_FALSE(fixture.warned_of("has not forked"));
    fixture.stop_all();
  }
}

TEST_CASE("a parent that never ends and crashes is told with its signal, and its child can be ended") {
  for (bool groups : {true, false}) {
    ActorsFixture fixture{groups};
    for (Expect expect : {Expect::fork, Expect::daemon}) fixture.add(expect, "note fork-stay setsid note");
    fixture.await_all(&Actor::ready);
    for (const auto& one : fixture.actors) {
      REQUIRE(one->events.ready_pid > 0);
      ::kill(one->events.ready_pid, SIGSEGV);
    }
    fixture.await_all(&Actor::ended);
    for (const auto& one : fixture.actors) {
      CHECK(WTERMSIG(one->events.ends[ProcessKind::main]) == SIGSEGV);
      one->processes->kill_strays();
    }
    fixture.await_all(&Actor::leaves_nothing);
  }
}

TEST_CASE("a child that dies first does not end the service") {
  ActorsFixture fixture;
  fixture.add(Expect::fork, "fork-brief fork note");
  fixture.add(Expect::daemon, "fork-brief fork setsid fork-brief fork note");
  fixture.await_all(&Actor::supervises_the_last);
  fixture.stop_all();
}

TEST_CASE("a main process that ends before it is ready is told as ended, with its status, and never as ready") {
  ActorsFixture fixture{true, {.forks = {.before_fork = {15s, 15s}}}}; // it is not taken as ready meanwhile
  fixture.add(Expect::fork, "note exit=3");
  fixture.add(Expect::fork, "note fork exit=4");
  fixture.add(Expect::daemon, "note fork sleep=1000 exit=5"); // time enough to be supervised, on a busy machine too
  fixture.add(Expect::stop, "note exit=6");
  fixture.add(Expect::ready_fd, "note exit=7");
  fixture.add(Expect::notify, "note exit=8");
  fixture.await_all(&Actor::ended);
  for (std::size_t i : {0, 2, 3, 4, 5}) {
    CHECK(fixture.actors[i]->events.ends[ProcessKind::main] == W_EXITCODE(static_cast<int>(i) + 3, 0));
    CHECK_FALSE(fixture.actors[i]->ready());
  }
  CHECK(fixture.actors[1]->ended()); // by whom it was supervised when it ended depends on who was faster
}

TEST_CASE("a service that forks long after it was accepted is followed") {
  ActorsFixture fixture;
  Actor& late = fixture.add(Expect::fork, "sleep=2000 fork note");
  REQUIRE(await(fixture.loop, [&] { return late.ready(); }));
  CHECK(late.noted().empty());
  REQUIRE(await(fixture.loop, [&] { return late.supervises_the_last(); }));
  CHECK(late.events.told == Told{"main executed", "ready", "moved"});
  fixture.stop_all();
}

TEST_CASE("a daemon that rests between its forks is not lost") {
  for (bool groups : {true, false}) {
    ActorsFixture fixture{groups};
    for (Expect expect : {Expect::fork, Expect::daemon}) {
      fixture.add(expect, "fork setsid sleep=700 fork note");
      fixture.add(expect, "fork setsid sleep=1300 fork note");
    }
    auto all_follow = [&] {
      return std::ranges::all_of(fixture.actors, [](const auto& one) { return one->supervises_the_last(); });
    };
    REQUIRE(await(fixture.loop, all_follow));
    for (const auto& one : fixture.actors) CHECK_MESSAGE(!one->ended(), one->words);
    fixture.stop_all();
  }
}

TEST_CASE("a parent may end its fork with any status") {
  ActorsFixture fixture;
  fixture.add(Expect::fork, "fork-fail setsid note");
  fixture.add(Expect::daemon, "fork-fail setsid fork-fail note");
  fixture.await_all(&Actor::supervises_the_last);
  CHECK(fixture.warnings.empty());
  fixture.stop_all();
}

TEST_CASE("a parent that ends only when its child is ready is waited for") {
  ActorsFixture fixture;
  fixture.add(Expect::fork, "fork-end=1200 setsid note");
  fixture.add(Expect::daemon, "fork-end=1200 setsid fork note");
  fixture.await_all(&Actor::supervises_the_last);
  for (const auto& one : fixture.actors)
    CHECK_MESSAGE((one->events.told == Told{"main executed", "ready"}), one->words);
  CHECK(fixture.warnings.empty());
  fixture.stop_all();
}

TEST_CASE("a shell around the service is looked through") {
  ActorsFixture fixture{false};
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
  job.job->signal_process(ProcessKind::main, SIGKILL);
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
