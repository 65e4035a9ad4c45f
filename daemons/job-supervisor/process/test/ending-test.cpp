// What ends with a job: all that its processes have started, each in its own time.
#include "daemons/job-supervisor/process/test/actors-fixture.hpp"

using namespace upstart;
using namespace upstart::supervisor;
using namespace upstart::supervisor::test;

TEST_CASE("when a process that was told to end has ended, what remains is a stray process, not the service") {
  ActorsFixture fixture{false};
  Actor& graceful = fixture.add(Expect::fork, "fork end-on=15 fork-stay setsid note");
  REQUIRE(await(fixture.loop, [&] { return graceful.ready() && !graceful.noted().empty(); }));
  graceful.processes->signal(ProcessKind::main, SIGTERM);
  fixture.await_all(&Actor::ended);
  CHECK(graceful.events.told == Told{"main executed", "ready", "main ended"});
  CHECK(exists(graceful.noted().back()));
  graceful.processes->kill_leftovers();
  fixture.await_all(&Actor::leaves_nothing);
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

TEST_CASE("a process that began a session is told to end, too, where there are control groups") {
  TestJob job;
  std::string note = job.directory / "wound-up";
  job.exec(actor + " fork-stay setsid wind-up=" + note + " note=" + (job.directory / "there"));
  REQUIRE(job.spawn());
  if (!job.processes->has_control_groups()) {
    MESSAGE("skipped: no control group can be made here");
    return;
  }
  REQUIRE(await(job.loop, [&] { return !contents(job.directory / "there").empty(); }));
  job.job->signal(ProcessKind::main, SIGTERM);
  REQUIRE(job.await_told("main ended"));
  CHECK(contents(note) == contents(job.directory / "there"));
}

TEST_CASE("a process that ignores the signal is killed with main, though main has ended long ago") {
  for (bool groups : {true, false}) {
    ActorsFixture fixture{groups};
    Actor& deaf = fixture.add(Expect::none, "fork-stay ignore=15 fork-stay note");
    REQUIRE(await(fixture.loop, [&] { return !deaf.noted().empty(); }));
    deaf.processes->signal(ProcessKind::main, SIGTERM);
    REQUIRE(await(fixture.loop, [&] { return deaf.events.has("moved"); }));
    CHECK_FALSE(deaf.ended());
    deaf.processes->signal(ProcessKind::main, SIGKILL);
    fixture.await_all(&Actor::ended);
    fixture.await_all(&Actor::leaves_nothing);
  }
}

TEST_CASE("stray processes that were not told to end are told, and killed when their time is over") {
  for (bool groups : {true, false}) {
    ActorsFixture fixture{groups};
    Actor& graceful = fixture.add(Expect::none, "fork-stay setsid wind-up=NOTE note");
    Actor& deaf = fixture.add(Expect::none, "fork-stay setsid ignore=15 note");
    REQUIRE(await(fixture.loop, [&] { return !graceful.noted().empty() && !deaf.noted().empty(); }));
    for (const auto& one : fixture.actors) one->processes->signal_process(ProcessKind::main, SIGKILL);
    fixture.await_all(&Actor::ended);
    for (const auto& one : fixture.actors) one->processes->end_leftovers(SIGTERM, 1s);
    CHECK(exists(graceful.noted().back()));
    fixture.await_all(&Actor::leaves_nothing);
    CHECK(graceful.noted().size() == 2); // it had its time
  }
}

TEST_CASE("a process in a session of its own is ended with the job, without control groups as with them") {
  for (bool groups : {true, false}) {
    ActorsFixture fixture{groups};
    fixture.add(Expect::none, "note fork-stay setsid note");
    fixture.add(Expect::none, "note fork-stay fork setsid fork note");
    fixture.add(Expect::none, "note fork-stay setsid note fork-stay note");
    REQUIRE(await(fixture.loop, [&] {
      return std::ranges::all_of(fixture.actors, [](const auto& one) { return one->noted().size() >= 2; });
    }));
    fixture.stop_all();
  }
}

TEST_CASE("a process may be spawned after the stray processes were killed") {
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
  ActorsFixture fixture;
  if (!fixture.all.has_control_groups()) {
    MESSAGE("skipped: no control group can be made here");
    return;
  }
  Actor& one = fixture.add(Expect::none, "fork-stay setsid forget fork note");
  REQUIRE(await(fixture.loop, [&] { return !one.noted().empty(); }));
  fixture.stop_all();
}
