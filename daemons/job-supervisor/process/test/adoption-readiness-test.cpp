// Readiness goes on where it was when the supervisor died, for each word of `expect`.
#include "daemons/job-supervisor/process/test/adoption-fixture.hpp"

using namespace upstart;
using namespace upstart::supervisor;
using namespace upstart::supervisor::test;

namespace {

struct Case {
  Expect expect;
  const char* words; // what makes it ready, some time after the first supervisor has died
};
constexpr std::array cases{Case{Expect::stop, "sleep=300 stop"}, Case{Expect::fork, "sleep=300 fork setsid"},
                           Case{Expect::daemon, "fork setsid sleep=300 fork"},
                           Case{Expect::ready_fd, "sleep=300 ready"}, Case{Expect::notify, "sleep=300 say=READY=1"}};

// The process notes itself when it has said that it is ready.
void prepare(Adoption& world, const Case& one) {
  world.job_class.expect = one.expect;
  world.exec(std::string{one.words} + " note=" + (world.directory / "pid"));
}

void check_ready_and_stop(Adoption& world) {
  REQUIRE(world.await_told("ready"));
  REQUIRE(world.await_file("pid"));
  CHECK(std::to_string(world.events.ready_pid) + "\n" == contents(world.directory / "pid"));
  world.job->signal(ProcessKind::main, SIGTERM);
  REQUIRE(world.await_told("main ended"));
  CHECK(world.end_of_main() == SIGTERM);
  CHECK(world.warnings == Told{});
}

// Whose first round begins with what is due, and not with what was deferred.
void go_on_as_a_daemon(Adoption& world) {
  base::Timer stop{*world.loop, [&] { world.loop->stop(); }};
  stop.start(10ms);
  world.loop->run();
}

} // namespace

TEST_CASE("a process that becomes ready after its supervisor has died is ready for the next") {
  for (const Case& one : cases) {
    CAPTURE(std::string{one.words});
    Adoption world;
    prepare(world, one);
    world.first_supervisor("main executed");
    world.adopt();
    check_ready_and_stop(world);
  }
}

TEST_CASE("so is one that became ready while there was no supervisor") {
  for (const Case& one : cases) {
    CAPTURE(std::string{one.words});
    if (one.expect == Expect::stop) continue; // it waits to be let go on
    Adoption world;
    prepare(world, one);
    world.first_supervisor("main executed");
    REQUIRE(world.await_file("pid"));
    world.adopt();
    check_ready_and_stop(world);
  }
}

TEST_CASE("and one whose supervisor died when it had executed, before its readiness was looked at") {
  for (const Case& one : cases) {
    CAPTURE(std::string{one.words});
    if (one.expect == Expect::stop) continue; // it waits to be let go on
    Adoption world;
    prepare(world, one);
    bool forks = one.expect == Expect::fork || one.expect == Expect::daemon;
    world.ends_before_all = one.expect == Expect::daemon ? 2 : forks ? 1 : 0;
    world.first_supervisor_that_dies_at(&test::Recorder::at_executed, true);
    REQUIRE(world.await_file("pid"));
    if (forks) REQUIRE(world.await_gone(world.pid));
    world.adopt();
    go_on_as_a_daemon(world);
    check_ready_and_stop(world);
  }
}

TEST_CASE("and one whose start was not written down") {
  for (const Case& one : cases) {
    CAPTURE(std::string{one.words});
    Adoption world;
    prepare(world, one);
    world.first_supervisor(""); // dies right after the fork
    world.adopt(false);
    check_ready_and_stop(world);
  }
}

// It was empty when the next supervisor but one began, and with it the directory of a dead one was removed.
TEST_CASE("and one whose start was not written down, and which was put into another control group than those before") {
  for (bool groups : {false, true})
    for (const Case& one : cases) {
      CAPTURE(groups);
      CAPTURE(std::string{one.words});
      Adoption world{groups};
      prepare(world, one);
      world.first_supervisor(""); // dies right after the fork
      auto notes = *read_notes(contents(world.directory / "first-notes-before"));
      notes.members.group = world.directory / "upstart-1/job.1";
      world.adopt_from(to_bytes(notes), 0, true);
      check_ready_and_stop(world);
      world.job->kill_strays();
      CHECK(world.await_gone(world.pid));
    }
}

TEST_CASE("that it was ready is told again, since it may not have been written down") {
  for (const Case& one : cases) {
    CAPTURE(std::string{one.words});
    Adoption world;
    prepare(world, one);
    world.first_supervisor("ready");
    world.adopt();
    check_ready_and_stop(world);
  }
}

TEST_CASE("one whose supervisor dies when it hears that it is ready is ready for the next, that written down or not") {
  for (bool written : {false, true})
    for (const Case& one : cases) {
      CAPTURE(written);
      CAPTURE(std::string{one.words});
      Adoption world;
      prepare(world, one);
      world.first_supervisor_that_dies_at(&test::Recorder::at_ready, written);
      world.adopt();
      check_ready_and_stop(world);
    }
}

TEST_CASE("so is one whose supervisor dies right after it has written down which process is the service") {
  for (const Case& one : cases) {
    if (one.expect != Expect::fork && one.expect != Expect::daemon) continue;
    CAPTURE(std::string{one.words});
    Adoption world;
    prepare(world, one);
    world.first_supervisor_that_dies_at(&test::Recorder::at_notes, true, one.expect == Expect::daemon ? 2 : 1);
    world.adopt();
    check_ready_and_stop(world);
  }
}

TEST_CASE("one that was seen to be ready and ends while there is no supervisor was ready, and then has ended") {
  Adoption world;
  prepare(world, {Expect::fork, "sleep=300 fork setsid"});
  world.first_supervisor_that_dies_at(&test::Recorder::at_notes, true);
  REQUIRE(world.await_file("pid"));
  pid_t service = std::stoi(contents(world.directory / "pid"));
  ::kill(service, SIGKILL);
  REQUIRE(world.await_gone(service));
  world.adopt();
  go_on_as_a_daemon(world);
  REQUIRE(world.await_told("main ended"));
  CHECK(world.events.told == Told{"ready", "main ended"});
  CHECK(world.end_of_main() == SIGKILL);
}

TEST_CASE("a watchdog goes on, with the time that the service has set") {
  Adoption world;
  world.job_class.expect = Expect::notify;
  world.job_class.watchdog = 30s;
  world.script(actor + " say=WATCHDOG_USEC=600000 exit=0\nexec " + actor + " say=READY=1");
  world.first_supervisor();
  world.adopt();
  REQUIRE(world.await_told("main ended"));
  CHECK(WTERMSIG(world.end_of_main()) == SIGABRT);
}

TEST_CASE("a service that was told to end has its time from the next supervisor, too, whatever its watchdog") {
  Adoption world;
  world.job_class.expect = Expect::notify;
  world.job_class.watchdog = 1s;
  world.script("trap 'sleep 2; exit 0' TERM\n" + actor + " say=READY=1 exit=0\nwhile :; do sleep 0.05; done\n");
  world.first_supervisor("ready",
                         [](JobProcesses& first, base::EventLoop&) { first.signal(ProcessKind::main, SIGTERM); });
  world.adopt();
  REQUIRE(world.await_told("main ended"));
  CHECK(world.end_of_main() == 0);
}
