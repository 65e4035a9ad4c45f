// How main processes say that they are ready by a signal or a word, and what becomes of those that do not.
#include "daemons/job-supervisor/process/test/actors-fixture.hpp"

using namespace upstart;
using namespace upstart::supervisor;
using namespace upstart::supervisor::test;

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
  job.options.expect_timeouts.stop = {.idle_before_warning = 50ms, .acceptance = {100ms, 1s}};
  job.job_class.expect = Expect::stop;
  job.exec(actor + " sleep=600 stop note=" + (job.directory / "went-on"));
  REQUIRE(job.spawn());
  REQUIRE(job.await_told("ready"));
  CHECK(contents(job.directory / "went-on").empty());
  REQUIRE(await(job.loop, [&] { return !contents(job.directory / "went-on").empty(); }));
  CHECK(job.events.told == Told{"main executed", "ready"});
  REQUIRE(job.warnings.size() == 2);
  CHECK(job.warnings[0] == "job main process: has not raised SIGSTOP (expect stop) yet; still waiting; if it never "
                           "does, remove the stanza expect");
  CHECK(job.warnings[1] == "job main process: has not raised SIGSTOP (expect stop); taken as ready; if it never does, "
                           "remove the stanza expect");
}

TEST_CASE("a process that does not say that it is ready is warned of, and in the end taken as ready") {
  for (auto [expect, what] : {std::pair{Expect::ready_fd, "has not written to READY_FD (expect readyfd)"},
                              {Expect::notify, "has not sent READY=1 (expect notify)"}}) {
    TestJob job;
    job.options.expect_timeouts.message = {.idle_before_warning = 50ms, .acceptance = {5s, 300ms}};
    job.job_class.expect = expect;
    job.exec(actor);
    REQUIRE(job.spawn());
    REQUIRE(await(job.loop, [&] { return job.warnings.size() == 1; }));
    CHECK(job.warnings[0] ==
          std::string{"job main process: "} + what + " yet; still waiting; if it never does, remove the stanza expect");
    CHECK_FALSE(job.events.has("ready"));
    REQUIRE(job.await_told("ready"));
    REQUIRE(job.warnings.size() == 2);
    CHECK(job.warnings[1] ==
          std::string{"job main process: "} + what + "; taken as ready; if it never does, remove the stanza expect");
  }
}

TEST_CASE("a process that was ready in time is not warned of later") {
  for (auto [expect, says] :
       {std::pair{Expect::stop, " stop "}, {Expect::ready_fd, " ready "}, {Expect::notify, " say=READY=1 "}}) {
    TestJob job;
    auto& timeouts = job.options.expect_timeouts;
    timeouts.stop = timeouts.message = {.idle_before_warning = 200ms, .acceptance = {300ms, 400ms}};
    job.job_class.expect = expect;
    job.exec(actor + says + "sleep=700 note=" + (job.directory / "later"));
    REQUIRE(job.spawn());
    REQUIRE(await(job.loop, [&] { return !contents(job.directory / "later").empty(); }));
    CHECK(job.events.told == Told{"main executed", "ready"});
    CHECK(job.warnings.empty());
  }
}

TEST_CASE("a process that is told to end need not say that it is ready any more") {
  for (Expect expect : {Expect::stop, Expect::ready_fd, Expect::notify}) {
    TestJob job;
    auto& timeouts = job.options.expect_timeouts;
    timeouts.stop = timeouts.message = {.idle_before_warning = 100ms, .acceptance = {150ms, 200ms}};
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

TEST_CASE("each message of a service starts its timeout again") {
  TestJob job;
  job.options.expect_timeouts.message = {.idle_before_warning = 1s, .acceptance = {5s, 600ms}};
  job.job_class.expect = Expect::notify;
  job.exec(actor + " sleep=350 say=STATUS=1 sleep=350 say=STATUS=2 sleep=350 say=READY=1");
  REQUIRE(job.spawn());
  REQUIRE(job.await_told("ready"));
  CHECK(job.events.status_text == "2");
  CHECK(job.warnings.empty());
}

TEST_CASE("more time is for becoming ready, and once the process is ready for ending") {
  TestJob job;
  job.job_class.expect = Expect::notify;
  job.exec(actor + " say=EXTEND_TIMEOUT_USEC=1000000 say=READY=1 say=EXTEND_TIMEOUT_USEC=2000000 sleep=10000");
  REQUIRE(job.spawn());
  REQUIRE(job.await_told("time asked 2000"));
  CHECK(job.events.told == Told{"main executed", "ready", "time asked 2000"});
}

TEST_CASE("a process that becomes a daemon where no forks are followed is warned of") {
  for (auto [expect, words, right] :
       {std::tuple{Expect::ready_fd, " fork note=", "use expect fork"},
        {Expect::ready_fd, " ready fork note=", "use expect fork"},
        {Expect::notify, " fork setsid note=", "use expect fork, or send MAINPID="},
        {Expect::notify, " say=READY=1 fork note=", "use expect fork, or send MAINPID="}}) {
    TestJob job;
    job.job_class.expect = expect;
    job.exec(actor + words + (job.directory / "pid"));
    REQUIRE(job.spawn());
    REQUIRE(job.await_told("main ended"));
    CHECK(job.events.ends[ProcessKind::main] == 0);
    REQUIRE(job.warnings.size() == 1);
    CHECK(job.warnings[0].contains("has ended and left other processes running"));
    CHECK(job.warnings[0].ends_with(right));
  }
}

TEST_CASE("a process that was told to end, failed, or named another as the main one has not become a daemon") {
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
  job.script(actor + " say=STATUS=working exit=0\n[ -f " + (job.directory / "go") + " ] || sleep 0.05\nexec " + actor +
             " say=READY=1\n");
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
  job.script(actor + " say=MAINPID=1 exit=0\nexec " + actor + " fork-stay note=" + (job.directory / "pid") +
             " say=MAINPID=% say=READY=1\n");
  REQUIRE(job.spawn());
  REQUIRE(job.await_told("ready"));
  CHECK(std::to_string(job.events.ready_pid) + "\n" == contents(job.directory / "pid"));
  CHECK(job.warnings.size() == 1);
  job.job->signal(ProcessKind::main, SIGKILL);
  CHECK(job.await_told("main ended"));
  job.job->kill_strays();
}

TEST_CASE("a service that misses its watchdog is ended") {
  TestJob job;
  job.job_class.expect = Expect::notify;
  job.job_class.watchdog = 1s;
  job.script("[ $WATCHDOG_USEC = 1000000 ] && [ $WATCHDOG_PID = $$ ] || exit 9\nexec " + actor +
             " say=READY=1 sleep=600 say=WATCHDOG=1 sleep=600 say=STATUS=alive\n");
  REQUIRE(job.spawn());
  REQUIRE(job.await_told("main ended"));
  CHECK(job.events.status_text == "alive");
  CHECK(WTERMSIG(job.events.ends[ProcessKind::main]) == SIGABRT);
}

TEST_CASE("a service that is stopped by a signal is ended by its watchdog, too") {
  TestJob job;
  job.job_class.expect = Expect::notify;
  job.job_class.watchdog = 1s;
  job.exec(actor + " say=READY=1 stop");
  REQUIRE(job.spawn());
  REQUIRE(job.await_told("main ended"));
  CHECK(WTERMSIG(job.events.ends[ProcessKind::main]) == SIGABRT);
}

TEST_CASE("a service that was told to end has its time, whatever its watchdog") {
  TestJob job;
  job.job_class.expect = Expect::notify;
  job.job_class.watchdog = 1s;
  job.exec(actor + " wind-up=" + (job.directory / "tidied-up") + " say=WATCHDOG_USEC=100000 say=READY=1");
  job.events.at_ready = [&] { job.job->signal(ProcessKind::main, SIGTERM); };
  REQUIRE(job.spawn());
  REQUIRE(job.await_told("main ended"));
  CHECK(job.events.ends[ProcessKind::main] == 0);
  CHECK_FALSE(contents(job.directory / "tidied-up").empty());
  CHECK(job.warnings.empty());
}

TEST_CASE("a service that asks for it is ended as by its watchdog, and the warning says that it asked") {
  TestJob job;
  job.job_class.expect = Expect::notify;
  job.exec(actor + " say=READY=1 say=WATCHDOG=trigger");
  REQUIRE(job.spawn());
  REQUIRE(job.await_told("main ended"));
  CHECK(WTERMSIG(job.events.ends[ProcessKind::main]) == SIGABRT);
  CHECK(job.warnings == Told{"job main process: has sent WATCHDOG=trigger; it is ended with SIGABRT"});
}
