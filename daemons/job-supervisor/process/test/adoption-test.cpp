// A supervisor takes up the processes of one that died: they are not its children.
#include "daemons/job-supervisor/process/test/adoption-fixture.hpp"

using namespace upstart;
using namespace upstart::supervisor;
using namespace upstart::supervisor::test;

namespace {

// Whoever opens the program of main waits as long as this is there.
class SlowProgram {
public:
  explicit SlowProgram(Adoption& world) : path_{world.directory / "slow"} {
    std::filesystem::copy_file("/bin/false", path_);
    file_ = base::FileDescriptor{::open(path_.c_str(), O_RDONLY | O_CLOEXEC)};
    ::signal(SIGIO, SIG_IGN);
    held_ = ::fcntl(file_.get(), F_SETLEASE, F_WRLCK) == 0;
    if (!held_) MESSAGE("skipped: no lease can be had on a file here");
    world.job_class.commands[0] = Command{path_, false};
  }
  [[nodiscard]] bool is_held() const { return held_; }
  void open_up() { ::fcntl(file_.get(), F_SETLEASE, F_UNLCK); }

private:
  std::string path_;
  base::FileDescriptor file_;
  bool held_ = false;
};

// Another job's process, by the supervisor that goes on; until it has ended.
void start_another(Adoption& world) {
  auto job_class = std::make_shared<JobClass>();
  job_class->name = "other";
  job_class->commands[0] = Command{actor + " exit=0", false};
  SpawnRequest request;
  request.environment = {"PATH=/bin:/usr/bin", "UPSTART_JOB=other", "UPSTART_INSTANCE="};
  test::Recorder told;
  auto other = world.processes->open(job_class, "", told);
  REQUIRE(other->spawn(request));
  CHECK(await(*world.loop, [&] { return told.has("main ended"); }));
}

} // namespace

TEST_CASE("a process that runs is supervised on, and ends as it is told, with control groups and without") {
  for (bool groups : {false, true}) {
    Adoption world{groups};
    world.exec("note=" + (world.directory / "pid"));
    world.first_supervisor();
    world.adopt();
    REQUIRE(world.await_told("ready"));
    CHECK(world.events.ready_pid == world.pid);
    CHECK(exists(world.pid));
    world.job->signal(ProcessKind::main, SIGTERM);
    REQUIRE(world.await_told("main ended"));
    CHECK(world.end_of_main() == SIGTERM);
    CHECK(world.warnings.empty());
  }
}

TEST_CASE("how a process ends that is no child is told all the same") {
  Adoption world;
  world.tells_exits = false; // the kernel tells
  world.exec("sleep=300 exit=7");
  world.first_supervisor();
  world.adopt();
  REQUIRE(world.await_told("main ended"));
  CHECK(world.end_of_main() == W_EXITCODE(7, 0));
  CHECK(world.events.told == Told{"ready", "main ended"});
}

TEST_CASE("init tells how a process ended while there was no supervisor") {
  Adoption world;
  world.exec("sleep=200 exit=7");
  world.first_supervisor();
  REQUIRE(world.await_gone(world.pid));
  world.adopt();
  REQUIRE(world.await_told("main ended"));
  CHECK(world.end_of_main() == W_EXITCODE(7, 0));
  CHECK(world.warnings.empty());
}

TEST_CASE("where nobody knows how it ended it has failed, and a warning says why") {
  Adoption world;
  world.tells_exits = false;
  world.exec("sleep=200 exit=0");
  world.first_supervisor();
  REQUIRE(world.await_gone(world.pid));
  world.adopt();
  REQUIRE(world.await_told("main ended"));
  CHECK(world.end_of_main() == unknown_wait_status);
  REQUIRE(world.warnings.size() == 1);
  CHECK(world.warnings[0].contains("main process: has ended, and how is not known"));
}

TEST_CASE("an end that the first supervisor reaped and did not write down is not lost") {
  Adoption world;
  world.tells_exits = false;
  world.exec("exit=7");
  world.first_supervisor("main ended", [](JobProcesses&, base::EventLoop&) {});
  // Its notes do not know the process any more, as its journal did not know the end: the life does.
  world.adopt();
  REQUIRE(world.await_told("main ended"));
  CHECK(world.end_of_main() == W_EXITCODE(7, 0));
}

TEST_CASE("a start that was not written down is found by the marks of the process") {
  for (bool groups : {false, true}) {
    Adoption world{groups};
    world.exec("note=" + (world.directory / "pid"));
    world.first_supervisor();
    world.adopt(false);
    REQUIRE(world.await_told("ready"));
    CHECK(world.events.told == Told{"main found", "main executed", "ready"});
    CHECK(world.events.found_pid == world.pid);
    world.job->signal(ProcessKind::main, SIGTERM);
    REQUIRE(world.await_told("main ended"));
    CHECK(world.end_of_main() == SIGTERM);
  }
}

TEST_CASE("one that has ended meanwhile is found by its end, and not started again") {
  Adoption world;
  world.exec("sleep=200 exit=3");
  world.first_supervisor();
  REQUIRE(world.await_gone(world.pid));
  world.adopt(false);
  REQUIRE(world.await_told("main ended"));
  CHECK(world.events.has("main found"));
  CHECK_FALSE(world.events.has("main never started"));
  CHECK(world.end_of_main() == W_EXITCODE(3, 0));
}

TEST_CASE("a start that was not written down is found though nothing of the process shows whose it is") {
  Adoption world;
  world.script("exec env -i /bin/sleep 1000");
  auto is_bare = [](pid_t main) {
    return link_of(main, "exe").ends_with("sleep") || link_of(main, "exe").ends_with("coreutils");
  };
  world.first_supervisor("ready", [&](JobProcesses&, base::EventLoop& first_loop) {
    (void)await(first_loop, [&] {
      auto main = children_of(::getpid());
      return main.size() == 1 && is_bare(main.front());
    });
  });
  world.adopt(false);
  REQUIRE(world.await_told("ready"));
  CHECK(world.events.told == Told{"main found", "main executed", "ready"});
  CHECK(world.events.found_pid == world.pid);
  world.job->signal(ProcessKind::main, SIGTERM);
  REQUIRE(world.await_told("main ended"));
  CHECK(world.end_of_main() == SIGTERM);
}

TEST_CASE("of a start that was not written down the process is found that was left in the background meanwhile") {
  for (bool told : {true, false})
    for (const char* session : {"", "setsid "}) {
      CAPTURE(told);
      CAPTURE(std::string{session});
      Adoption world;
      world.tells_exits = told; // of the parent
      world.job_class.expect = Expect::fork;
      world.exec(std::string{"fork "} + session + "note=" + (world.directory / "pid"));
      world.first_supervisor(""); // dies right after the fork
      REQUIRE(world.await_file("pid"));
      REQUIRE(world.await_gone(world.pid));
      pid_t child = std::stoi(contents(world.directory / "pid"));
      world.adopt(false);
      REQUIRE(world.await_told("ready"));
      CHECK(world.events.ready_pid == child);
      world.job->signal(ProcessKind::main, SIGTERM);
      REQUIRE(world.await_told("main ended"));
      CHECK(world.end_of_main() == SIGTERM);
      CHECK_FALSE(exists(child));
    }
}

TEST_CASE("one that was not written down, and whose end nobody tells, has failed and is not started again") {
  Adoption world;
  world.tells_exits = false;
  world.exec("sleep=200 exit=3");
  world.first_supervisor();
  REQUIRE(world.await_gone(world.pid));
  world.adopt(false);
  REQUIRE(world.await_told("main ended"));
  CHECK(world.events.has("main found"));
  CHECK_FALSE(world.events.has("main never started"));
  CHECK(world.end_of_main() == unknown_wait_status);
}

TEST_CASE("one whose program opens slowly is waited for, however long that takes") {
  Adoption world;
  SlowProgram program{world};
  if (!program.is_held()) return;
  world.first_supervisor("");
  world.adopt(false);
  CHECK_FALSE(await(*world.loop, [&] { return !world.events.told.empty(); }, 2500ms));
  program.open_up();
  REQUIRE(world.await_told("main ended"));
  CHECK(world.events.has("main found"));
  CHECK(world.events.found_pid == world.pid);
  CHECK_FALSE(world.events.has("main never started"));
  CHECK(world.end_of_main() == W_EXITCODE(1, 0));
}

TEST_CASE("one that is looked for is looked for on by the next supervisor, though others were started meanwhile") {
  for (bool stopped : {false, true}) {
    Adoption world;
    SlowProgram program{world};
    if (!program.is_held()) return;
    world.first_supervisor("");
    world.adopt(false);
    start_another(world);
    if (stopped) world.job->signal(ProcessKind::main, SIGTERM);
    world.adopt_once_more();
    CHECK_FALSE(await(*world.loop, [&] { return !world.events.told.empty(); }, 200ms));
    program.open_up();
    REQUIRE(world.await_told("main ended"));
    CHECK(world.events.has("main found"));
    CHECK(world.events.found_pid == world.pid);
    CHECK_FALSE(world.events.has("main never started"));
    if (!stopped) CHECK(world.end_of_main() == W_EXITCODE(1, 0));
  }
}

TEST_CASE("and what has told nothing of itself is looked for on, too, by its marks") {
  Adoption world;
  world.exec("note=" + (world.directory / "pid"));
  world.first_supervisor();
  REQUIRE(world.await_file("pid"));
  std::filesystem::remove(world.directory / "started-children");
  world.adopt(false);
  world.adopt_once_more();
  REQUIRE(world.await_told("ready"));
  CHECK(world.events.told == Told{"main found", "main executed", "ready"});
  CHECK(world.events.found_pid == world.pid);
}

TEST_CASE("and can be killed meanwhile") {
  Adoption world;
  SlowProgram program{world};
  if (!program.is_held()) return;
  world.first_supervisor("");
  world.adopt(false);
  world.job->signal(ProcessKind::main, SIGKILL);
  REQUIRE(world.await_told("main ended"));
  CHECK(world.events.has("main found"));
  CHECK(world.end_of_main() == SIGKILL);
}

TEST_CASE("a start that never came about is told") {
  Adoption world;
  world.exec("exit=0");
  world.first_supervisor("main ended"); // reaped by the first: nothing of it is left
  world.adopt(false);
  REQUIRE(world.await_told("main never started"));
  CHECK(world.events.told == Told{"main never started"});
}

TEST_CASE("a start that never came about takes nobody else's end for its own") {
  Adoption world;
  world.exec("exit=3");
  world.first_supervisor("");
  REQUIRE(world.await_gone(world.pid));
  world.job_class.name = "other"; // was to be started next, by the same supervisor
  world.adopt(false);
  REQUIRE(await(*world.loop, [&] { return !world.events.told.empty(); }));
  CHECK(world.events.told == Told{"main never started"});
}

TEST_CASE("a start that was not the next is not looked for, whatever processes there are") {
  Adoption world;
  world.exec("note=" + (world.directory / "pid"));
  world.first_supervisor();
  world.adopt(false, false);
  REQUIRE(world.await_told("main never started"));
  CHECK(world.events.told == Told{"main never started"});
  ::kill(world.pid, SIGKILL);
}

TEST_CASE("a signal that came before the process was found reaches it") {
  Adoption world;
  world.exec("note=" + (world.directory / "pid"));
  world.first_supervisor();
  world.adopt(false);
  world.job->signal(ProcessKind::main, SIGTERM);
  REQUIRE(world.await_told("main ended"));
  CHECK(world.end_of_main() == SIGTERM);
}

TEST_CASE("another process that has the number of one that ended is left alone") {
  Adoption world;
  world.exec("sleep=200 exit=7");
  world.first_supervisor();
  REQUIRE(world.await_gone(world.pid));
  pid_t other = ::fork();
  if (other == 0) {
    while (true) ::pause();
  }
  world.pid = other; // as if it had come again
  world.adopt();
  REQUIRE(world.await_told("main ended"));
  CHECK(world.end_of_main() == W_EXITCODE(7, 0));
  CHECK(exists(other));
  ::kill(other, SIGKILL);
  ::waitpid(other, nullptr, 0);
}

TEST_CASE("an ending goes on: who does not end is killed, and main's own status is told") {
  for (bool groups : {false, true}) {
    Adoption world{groups};
    world.script("( trap '' TERM; echo up >" + (world.directory / "other") +
                 "; while :; do sleep 0.05; done ) &\nwait\n");
    world.first_supervisor("ready", [&](JobProcesses& first, base::EventLoop& loop) {
      (void)await(loop, [&] { return !contents(world.directory / "other").empty(); });
      first.signal(ProcessKind::main, SIGTERM);
    });
    world.adopt();
    world.job->signal(ProcessKind::main, SIGKILL);
    REQUIRE(world.await_told("main ended"));
    CHECK(world.end_of_main() == SIGTERM);
  }
}

TEST_CASE("who is waited for in main's place is told to the next supervisor, too") {
  Adoption world;
  world.script("echo $$ >" + (world.directory / "main") + "\n( trap '' TERM; exec " + actor +
               " note=" + (world.directory / "left") + " ) &\nwait\n");
  world.first_supervisor("ready", [&](JobProcesses& first, base::EventLoop& loop) {
    (void)await(loop, [&] { return contents(world.directory / "left").ends_with("\n"); });
    first.signal(ProcessKind::main, SIGTERM);
    pid_t main = std::stoi(contents(world.directory / "main"));
    (void)await(loop, [&] { return !facts_of(main); });
  });
  world.adopt();
  REQUIRE(await(*world.loop, [&] { return !world.events.left.empty(); }));
  CHECK(std::to_string(world.events.left.back()) + "\n" == contents(world.directory / "left"));
  CHECK(world.events.told == Told{});
  world.job->signal(ProcessKind::main, SIGKILL);
  REQUIRE(world.await_told("main ended"));
  CHECK(world.end_of_main() == SIGTERM);
}

TEST_CASE("what an adopted process has left behind is found among init's children and killed") {
  Adoption world;
  world.exec("fork-stay setsid note=" + (world.directory / "pid"));
  world.first_supervisor();
  REQUIRE(world.await_file("pid"));
  pid_t child = std::stoi(contents(world.directory / "pid"));
  world.adopt();
  REQUIRE(world.await_told("ready"));
  world.job->signal(ProcessKind::main, SIGKILL);
  REQUIRE(world.await_told("main ended"));
  world.job->kill_strays();
  CHECK(await(*world.loop, [&] { return !exists(child); }));
}

TEST_CASE("stray processes that a supervisor was to kill when it died are killed by the next one") {
  Adoption world;
  world.exec("fork-stay setsid note=" + (world.directory / "pid"));
  world.first_supervisor("ready", [&](JobProcesses& first, base::EventLoop& loop) {
    (void)await(loop, [&] { return contents(world.directory / "pid").ends_with("\n"); });
    first.signal_process(ProcessKind::main, SIGKILL);
    first.kill_strays();
  });
  pid_t child = std::stoi(contents(world.directory / "pid"));
  CHECK(exists(child)); // it died before it looked for them
  world.adopt();
  CHECK(await(*world.loop, [&] { return !exists(child); }));
}

TEST_CASE("of the output nothing is lost and nothing comes twice, before, between and after") {
  Adoption world;
  world.script("echo before\n[ -e " + (world.directory / "x") + " ]||:\nsleep 0.4\necho between\necho y>" +
               (world.directory / "between") + "\nsleep 0.4\necho after\n");
  world.first_supervisor("ready", [&](JobProcesses&, base::EventLoop& loop) {
    (void)await(loop, [&] { return contents(world.directory / "job.log") == "before\n"; });
  });
  REQUIRE(world.await_file("between"));
  CHECK(contents(world.directory / "job.log") == "before\n");
  world.adopt();
  REQUIRE(world.await_told("main ended"));
  CHECK(world.end_of_main() == 0);
  CHECK(contents(world.directory / "job.log") == "before\nbetween\nafter\n");
}

TEST_CASE("a process whose start was not written down keeps its terminal") {
  Adoption world;
  world.script("sleep 0.4\necho said\n");
  world.first_supervisor();
  world.adopt(false);
  REQUIRE(world.await_told("main ended"));
  CHECK(world.end_of_main() == 0);
  CHECK(contents(world.directory / "job.log") == "said\n");
}
