// The end of a session: who is stopped when, who may still start, and how long all that may take.
#include "daemons/job-supervisor/jobs/test-world.hpp"

#include <csignal>

using namespace upstart::supervisor;
using namespace upstart::supervisor::test;
using namespace std::chrono_literals;
using enum ProcessKind;

namespace {

struct EndingSession : World {
  void bring_up(const std::string& job) {
    start(job);
    ready(job);
  }
  void begin_end(const std::string& type) {
    jobs.end_session(type);
    run();
  }
  [[nodiscard]] bool is_over() const { return recorder.has("session ended"); }
};

} // namespace

TEST_CASE("the end of a session stops every job, those that start on it last, and nothing respawns") {
  EndingSession world;
  world.load("svc", "respawn\nexec sleep 1000\n");
  world.load("at-end", "task\nstart on session-end TYPE=logout\nexec bye\n");
  world.bring_up("svc");
  world.begin_end("logout");
  CHECK(world.state("svc") == "stop/killed");
  CHECK(world.state("at-end") == "start/spawned");
  world.end("svc", main, exited(1));
  CHECK(world.state("svc") == "gone");
  world.ready("at-end");
  CHECK_FALSE(world.is_over());
  world.end("at-end");
  CHECK(world.is_over());
}

TEST_CASE("a job that starts when the session is about to end has its time, and is not respawned") {
  EndingSession world;
  world.load("farewell", "start on session-end\nrespawn\nexec bye\n");
  world.load("half", "start on session-end and never\nexec sleep 1000\n");
  world.begin_end("shutdown");
  world.ready("farewell");
  world.clock.advance(4900ms);
  CHECK(world.state("farewell") == "start/running");
  world.end("farewell", main, exited(1));
  CHECK(world.state("farewell") == "gone");
  CHECK(world.is_over()); // and a condition that is half true is not waited for
}

TEST_CASE("who overstays the session's grace is stopped") {
  EndingSession world;
  world.load("farewell", "start on session-end\nexec bye\n");
  world.begin_end("shutdown");
  world.ready("farewell");
  world.clock.advance(5s);
  CHECK(world.state("farewell") == "stop/killed");
}

TEST_CASE("a session does not wait for ever for a job that will not end") {
  EndingSession world;
  world.load("stuck", "kill timeout 4\nexec sleep 1000\n");
  world.bring_up("stuck");
  world.begin_end("shutdown");
  world.clock.advance(4s);
  CHECK(world.processes.of("stuck").signals.back() == std::pair{main, SIGKILL});
  world.clock.advance(6s);
  CHECK(world.is_over());
}

TEST_CASE("a job that the end of the session has started has its own kill timeout to end") {
  EndingSession world;
  world.load("save", "start on session-end\nkill timeout 20\nexec save\n");
  world.begin_end("logout");
  world.ready("save");
  world.clock.advance(5s);
  CHECK(world.processes.of("save").signals == std::vector{std::pair{main, SIGTERM}});
  world.clock.advance(19s);
  CHECK(world.processes.of("save").signals.size() == 1);
  CHECK_FALSE(world.is_over());
  world.run(); // dies and comes back where that is tested: the limit stays
  world.clock.advance(1s);
  CHECK(world.processes.of("save").signals.back() == std::pair{main, SIGKILL});
  world.clock.advance(500ms);
  CHECK(world.is_over());
}

TEST_CASE("a session that nothing starts at the end of is over half a second after the longest kill timeout") {
  EndingSession world;
  world.load("stuck", "kill timeout 4\nexec sleep 1000\n");
  world.bring_up("stuck");
  world.begin_end("shutdown");
  world.clock.advance(4400ms);
  CHECK_FALSE(world.is_over());
  world.clock.advance(100ms);
  CHECK(world.is_over());
}

TEST_CASE("the grace of a session is over when all that session-end has started has ended") {
  EndingSession world;
  world.load("stuck", "kill timeout 4\nexec sleep 1000\n");
  world.load("farewell", "start on session-end\nexec bye\n");
  world.bring_up("stuck");
  world.begin_end("shutdown");
  world.ready("farewell");
  world.clock.advance(1s);
  world.end("farewell");
  world.clock.advance(4400ms);
  CHECK_FALSE(world.is_over());
  world.clock.advance(100ms);
  CHECK(world.is_over());
}

TEST_CASE("while a session ends no event but its own starts a job, and whoever asks is told why") {
  EndingSession world;
  world.load("a", "exec sleep 1000\n");
  world.load("after", "start on stopped a\nexec sleep 1000\n");
  world.load("both", "start on session-end and stopped a\nexec bye\n");
  world.load("late", "start on session-end and stopped b\nexec bye\n");
  world.load("b", "kill timeout 30\nexec sleep 1000\n");
  world.bring_up("a");
  world.bring_up("b");
  world.begin_end("logout");
  world.clock.advance(1s);
  world.end("a");
  CHECK(world.state("after") == "gone");
  CHECK(*world.jobs.classes().find("after")->records.all().back().text ==
        "`start on' came true by the event `stopped JOB=a INSTANCE= RESULT=ok', but the session ends");
  CHECK(world.state("both") == "start/spawned");
  world.clock.advance(5s);
  world.end("b");
  CHECK(world.state("late") == "gone");
}

TEST_CASE("what the event of a session's end starts brings with it what it needs") {
  EndingSession world;
  world.load("a", "exec sleep 1000\n");
  world.load("save", "start on session-end\nexec save\n");
  world.load("helper", "start on starting save\nexec sleep 1000\n");
  world.load("beside", "start on started save\nexec sleep 1000\n");
  world.bring_up("a");
  world.begin_end("logout");
  CHECK(world.state("helper") == "start/spawned");
  world.ready("helper");
  world.ready("save");
  CHECK(world.state("beside") == "start/spawned");
}

TEST_CASE("a task that a stop waits for runs also while the session ends") {
  EndingSession world;
  world.load("a", "exec sleep 1000\n");
  world.load("before", "start on stopping a\ntask\nexec bye\n");
  world.load("service", "start on stopping a\nexec sleep 1000\n");
  world.bring_up("a");
  world.begin_end("logout");
  CHECK(world.state("before") == "start/spawned");
  CHECK(world.state("service") == "gone");
  CHECK(world.state("a") == "stop/stopping");
  world.ready("before");
  world.end("before");
  CHECK(world.state("a") == "stop/killed");
  world.end("a");
  CHECK(world.is_over());
}
