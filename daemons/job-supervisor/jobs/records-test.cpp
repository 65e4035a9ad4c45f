// What is kept of the decisions about a job, for those who ask why.
#include "daemons/job-supervisor/jobs/test-world.hpp"

#include <csignal>
#include <cstdlib>

using namespace upstart::supervisor;
using namespace upstart::supervisor::test;
using namespace std::chrono_literals;
using enum ProcessKind;

namespace {

// Where the jobs die and come back after everything that a test does, what is usual may be forgotten.
bool may_be_forgotten() { return std::getenv("UPSTART_TEST_RESTART") != nullptr; }

// The last record of a job as "KIND: TEXT", with how often.
std::string last(World& world, const std::string& job) {
  const auto& records = world.jobs.classes().find(job)->records.all();
  if (records.empty()) return "";
  const auto& record = records.back();
  return std::string{name_of(record.kind)} + ": " + *record.text +
         (record.times > 1 ? " x" + std::to_string(record.times) : "");
}

} // namespace

TEST_CASE("for each match of start on it is kept what became of it") {
  if (may_be_forgotten()) return;
  World world;
  world.load("svc", "start on go\nexec sleep 1000\n");
  world.load("inst", "start on go\ninstance $index\nexec sleep 1000\n");
  world.emit("go", {"A=1"});
  CHECK(last(world, "svc") == "started: started by the event `go A=1'");
  CHECK(last(world, "inst") == "not started: `start on' came true by the event `go A=1', but the name of the instance, "
                               "`$index', could not be made: Unknown parameter: index");
  world.emit("go");
  CHECK(last(world, "svc") == "not started: `start on' came true by the event `go', but it was running already");
}

TEST_CASE("who stopped a job is kept, and how its processes ended") {
  if (may_be_forgotten()) return;
  World world;
  world.load("svc", "stop on halt\nexec sleep 1000\n");
  world.start("svc");
  CHECK(last(world, "svc") == "started: started by a command");
  world.ready("svc");
  world.emit("halt");
  CHECK(last(world, "svc") == "stopped: stopped by the event `halt'");
  world.clock.advance(5s);
  CHECK(last(world, "svc") == "killed: main process did not end within its kill timeout of 5 s; SIGKILL is sent");
  world.end("svc", main, SIGKILL);
  world.start("svc");
  world.ready("svc");
  world.end("svc", main, exited(3));
  CHECK(last(world, "svc") == "ended: main process terminated with status 3; the job failed");
}

TEST_CASE("respawns are counted") {
  World world;
  world.load("svc", "respawn\nrespawn limit 3 5\nexec sleep 1000\n");
  world.start("svc");
  for (int i = 0; i < 3; ++i) {
    world.ready("svc");
    world.end("svc", main, exited(4));
  }
  CHECK(last(world, "svc") == "respawned: main process terminated with status 4; it is respawned x3");
  world.ready("svc");
  world.end("svc", main, exited(4));
  CHECK(last(world, "svc") ==
        "ended: main process terminated with status 4; more than 3 respawns in 5 s, so it is stopped");
}
