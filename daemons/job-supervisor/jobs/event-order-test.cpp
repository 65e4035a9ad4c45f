// In which order events are matched and finished, and who wants them when (events.md, 1, 6 and 7).
#include "daemons/job-supervisor/jobs/test-world.hpp"

#include <csignal>

using namespace upstart::supervisor;
using namespace upstart::supervisor::test;
using namespace std::chrono_literals;
using enum ProcessKind;

TEST_CASE("an event that an unrelated stop on names is finished before the next is matched") {
  World world;
  world.load("once", "start on go or go/failed\nstop on stopping nobody\ntask\nexec try\n");
  world.load("after", "start on stopped once RESULT=failed\nexec sleep 1000\n");
  world.emit("go");
  world.ready("once");
  world.end("once", main, exited(1));
  CHECK(world.state("after") == "start/spawned");
  CHECK(world.state("once") == "start/spawned");
}

TEST_CASE("an event that is offered to somebody who does not hold it is finished before the next is matched") {
  World world;
  world.load("once", "start on go or go/failed\ntask\nexec try\n");
  world.load("busy", "start on stopping once\nexec sleep 1000\n");
  world.load("after", "start on stopped once RESULT=failed\nexec sleep 1000\n");
  world.start("busy");
  world.ready("busy");
  world.emit("go");
  world.ready("once");
  world.end("once", main, exited(1));
  CHECK(world.state("after") == "start/spawned");
  CHECK(world.state("once") == "start/spawned");
}

TEST_CASE("a stop on that comes with an event wants what the same event brings about") {
  World world;
  world.load("first", "start on go\nstop on starting second\npre-start exec prepare\nexec sleep 1000\n");
  world.load("second", "start on go\nexec sleep 1000\n");
  world.emit("go");
  CHECK(world.state("first") == "stop/pre-start");
  world.end("first", pre_start);
  CHECK(world.state("first") == "gone");
  CHECK(world.state("second") == "start/spawned");

  world.load("brief", "start on tick\nstop on started\n");
  world.emit("tick");
  CHECK(world.state("brief") == "gone");
}

TEST_CASE("an event is wanted by a job that an event before it starts") {
  World world;
  world.load("svc", "start on go\nstop on halt\nexec sleep 1000\n");
  world.jobs.emit({.name = "go"}, {});
  world.jobs.emit({.name = "halt"}, {});
  world.run();
  CHECK(world.recorder.has("svc !stop"));
  CHECK(world.state("svc") == "gone");

  world.jobs.emit({.name = "go"}, {});
  world.jobs.emit({.name = "halt"}, {});
  world.jobs.emit({.name = "go"}, {}); // after halt
  world.run();
  CHECK(world.state("svc") == "start/spawned");
}

namespace {

// Starts it while the broker says nothing.
void start_alone(World& world, const std::string& job) {
  auto [answer, reply] = World::answer();
  world.jobs.commands().start(*world.jobs.classes().find(job), {}, true, reply);
}

} // namespace

TEST_CASE("a broker that hangs or is away holds up no job that does not need it") {
  World world;
  world.load("wants", "start on go\nexec sleep 1000\n");
  world.load("other", "exec sleep 1000\n");
  world.jobs.emit({.name = "go"}, {}); // and does not come back
  start_alone(world, "other");
  CHECK(world.state("other") == "start/starting");
  world.clock.advance(100ms);
  CHECK(world.state("other") == "start/spawned");

  World away;
  away.broker.connected = false;
  away.load("wants", "start on go\nexec sleep 1000\n");
  away.load("other", "exec sleep 1000\n");
  away.jobs.emit({.name = "go"}, {});
  start_alone(away, "other");
  CHECK(away.state("other") == "start/spawned");
}

TEST_CASE("an event that comes before it is known what other handlers want waits for that, a moment at most") {
  World world;
  world.broker.others_known = false;
  world.jobs.emit({.name = "early"}, {});
  CHECK(world.broker.recorded.empty());
  world.broker.others = {"early"};
  world.broker.others_known = true;
  world.jobs.broker_attached();
  CHECK(world.broker.recorded.empty());
  CHECK(world.broker.finishing.size() == 1); // it went to the broker

  World silent;
  silent.broker.others_known = false;
  silent.jobs.emit({.name = "early"}, {});
  silent.clock.advance(100ms);
  CHECK(silent.broker.recorded == std::vector<std::string>{"early"});
}
