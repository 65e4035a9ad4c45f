// The jobs die at every single point at which something leaves them, and come back from their memory: what becomes of
// jobs, events and callers must be what it would have been.
#include "daemons/job-supervisor/jobs/state-dump.hpp"
#include "daemons/job-supervisor/jobs/test-world.hpp"

#include <csignal>

using namespace upstart::supervisor;
using namespace upstart::supervisor::test;
using enum ProcessKind;

namespace {

// All that somebody outside can see in the end.
struct Seen {
  std::string state;
  std::vector<std::string> answers, done;
  int spawned = 0;
  std::size_t unfinished = 0;
  bool operator==(const Seen&) const = default;
};

using Story = std::function<void(World&, std::vector<std::string>& answers)>;

// Without the records, which have the time of day in them, and of which only those of what is unusual are sure to
// survive; and without the times of failures.
std::string state_without_records(const Jobs& jobs) {
  auto state = state_of(jobs);
  for (auto& job : state.jobs) {
    job.records.clear();
    for (auto& failure : job.failures) failure.time = 0;
  }
  return upstart::protocol::to_json(state);
}

Seen play(const Story& story, std::size_t die_at, std::size_t* passed = nullptr) {
  World world;
  world.restarts = false;
  world.fault.at = die_at;
  std::vector<std::string> answers;
  story(world, answers);
  if (passed != nullptr) *passed = world.fault.passed;
  return {.state = state_without_records(world.jobs),
          .answers = answers,
          .done = world.broker.done,
          .spawned = world.processes.spawned,
          .unfinished = world.broker.waiting.size()};
}

void check_every_death(const Story& story) {
  std::size_t points = 0;
  auto expected = play(story, 0, &points);
  REQUIRE(points > 10);
  for (std::size_t point = 1; point <= points; ++point) {
    CAPTURE(point);
    auto seen = play(story, point);
    CHECK(seen.state == expected.state);
    CHECK(seen.answers == expected.answers);
    CHECK(seen.done == expected.done);
    CHECK(seen.spawned == expected.spawned);
    CHECK(seen.unfinished == expected.unfinished);
  }
}

} // namespace

TEST_CASE("wherever the supervisor dies, a service is started once, runs, is stopped, and its callers are answered") {
  check_every_death([](World& world, auto& answers) {
    world.load("svc", "pre-start exec prepare\npost-start exec greet\npost-stop exec clean\nexec serve\n");
    auto start = world.start("svc", {"A=1"});
    world.end("svc", pre_start);
    world.ready("svc");
    world.end("svc", post_start);
    auto stop = world.stop("svc");
    world.end("svc", main, SIGTERM);
    world.end("svc", post_stop);
    auto again = world.start("svc");
    auto refused = world.start("svc");
    for (const auto& answer : {start, stop, again, refused}) answers.push_back(answer->text());
  });
}

TEST_CASE("wherever the supervisor dies, every event is handled once to its end") {
  check_every_death([](World& world, auto& answers) {
    world.load("task", "task\nstart on go\nexec work\n");
    world.load("pair", "start on first and second\nexec serve\n");
    world.load("after", "start on started pair\nstop on stopping task\nexec serve\n");
    auto go = world.emit("go");
    auto first = world.emit("first", {"A=1"});
    world.end("task");
    auto second = world.emit("second");
    world.ready("pair");
    world.ready("after");
    auto failing = world.emit("go");
    world.end("task", main, exited(3));
    world.end("after", main, SIGTERM);
    auto half = world.emit("first");
    for (const auto& answer : {go, first, second, failing, half}) answers.push_back(*answer);
  });
}

TEST_CASE("wherever the supervisor dies, respawns are counted, kill timers go off and warnings are remembered") {
  check_every_death([](World& world, auto& answers) {
    world.load("svc", "respawn\nrespawn limit 2 60\nexec serve\n");
    auto start = world.start("svc");
    world.ready("svc");
    for (int i = 0; i < 3; ++i) {
      world.end("svc", main, exited(1));
      if (i < 2) world.ready("svc");
    }
    world.load("stuck", "kill timeout 3\nexec serve\n");
    auto stuck = world.start("stuck");
    world.ready("stuck");
    auto stop = world.stop("stuck");
    world.survive([&] { world.clock.advance(std::chrono::seconds{4}); });
    world.run();
    CHECK(world.processes.of("stuck").signals.back() == std::pair{main, SIGKILL});
    world.end("stuck", main, SIGKILL);
    for (const auto& answer : {start, stuck, stop}) answers.push_back(answer->text());
  });
}

TEST_CASE("wherever the supervisor dies, instances keep the definition that they run by") {
  check_every_death([](World& world, auto& answers) {
    world.load("net", "instance $IF\nstart on up\nstop on down IF=$IF\nexec old $IF\n");
    auto one = world.emit("up", {"IF=eth0"});
    auto two = world.emit("up", {"IF=eth1"});
    world.ready("net/eth0");
    world.ready("net/eth1");
    world.load("net", "instance $IF\nstart on up\nexec new $IF\n");
    auto down = world.emit("down", {"IF=eth0"});
    world.end("net/eth0", main, SIGTERM);
    world.survive([&] { (void)world.jobs.environments().set({}, {"GLOBAL=1"}, true); }, true);
    auto three = world.emit("down", {"IF=eth1"});
    world.end("net/eth1", main, SIGTERM);
    auto four = world.emit("down", {"IF=eth1"});
    auto fresh = world.emit("up", {"IF=eth2"});
    for (const auto& answer : {one, two, down, three, four, fresh}) answers.push_back(*answer);
  });
}

TEST_CASE(
    "wherever the supervisor dies, a job that is started again has the descriptors of its event, until it stops") {
  check_every_death([](World& world, auto& answers) {
    world.load("svc", "respawn\nstart on socket\nexec serve\n");
    world.broker.emit_elsewhere({.name = "socket", .files = {std::make_shared<upstart::base::FileDescriptor>()}});
    world.run();
    CHECK(world.processes.of("svc").running.at(main).files == 1);
    world.ready("svc");
    world.end("svc", main, exited(1));
    CHECK(world.processes.of("svc").running.at(main).files == 1);
    world.ready("svc");
    auto stop = world.stop("svc");
    world.end("svc", main, SIGTERM);
    CHECK(world.memory.files.empty());
    answers.push_back(stop->text());
  });
}

TEST_CASE("wherever the supervisor dies, an event that is emitted keeps its descriptors, until it has finished") {
  check_every_death([](World& world, auto& answers) {
    world.load("svc", "start on socket\nexec serve\n");
    auto emitted = world.emit("socket", {}, {std::make_shared<upstart::base::FileDescriptor>()});
    world.run();
    CHECK(world.processes.of("svc").running.at(main).files == 1);
    world.ready("svc");
    auto stop = world.stop("svc");
    world.end("svc", main, SIGTERM);
    CHECK(world.memory.files.empty());
    answers.push_back(stop->text());
  });
}

TEST_CASE("descriptors that came while nothing could be written are kept later, and those that went are forgotten") {
  World world;
  world.restarts = false;
  world.load("svc", "start on socket\nexec serve\n");
  world.memory.fails = true;
  world.emit("socket", {}, {std::make_shared<upstart::base::FileDescriptor>()});
  CHECK(world.recorder.log.size() == 1);
  world.memory.fails = false;
  world.emit("other");
  CHECK(world.memory.files.size() == 2); // of the emission, and of the job that it has started
  world.die_and_come_back();
  world.memory.fails = true;
  world.ready("svc");
  world.stop("svc", {}, false);
  world.end("svc", main, SIGTERM);
  world.memory.fails = false;
  for (int i = 0; i < 3; ++i) world.emit("other");
  CHECK(world.memory.files.empty());
}

TEST_CASE("a key that a client gave twice is told twice when the event has finished, by the next supervisor, too") {
  World world;
  world.restarts = false;
  world.load("t", "start on go\ntask\nexec work\n");
  world.jobs.emit(
      {.name = "go", .environment = upstart::protocol::Environment{{"A=1", "A=2"}}, .as_given = {"A=1", "A=2"}}, {});
  world.run();
  CHECK(world.variable("t", "A") == "2");
  world.die_and_come_back();
  world.ready("t");
  world.end("t");
  CHECK(world.recorder.has("event go A=1 A=2"));
}

TEST_CASE("a job is started without the descriptors of an event where the broker cannot give all of them again") {
  for (std::size_t left : {0, 1}) {
    World world;
    world.restarts = false;
    world.load("pair", "start on socket and first\nexec serve\n");
    auto file = std::make_shared<upstart::base::FileDescriptor>();
    world.emit("socket", {}, {file, file});
    world.broker.waiting.begin()->second.event.files.resize(left);
    world.die_and_come_back();
    world.emit("first");
    CHECK(world.processes.of("pair").running.at(main).files == 0);
  }
}

TEST_CASE("wherever the supervisor dies while many jobs are started at once, each is started once") {
  check_every_death([](World& world, auto& answers) {
    for (const auto* name : {"a", "b", "c", "d"}) world.load(name, "start on go\npre-start exec prepare\nexec serve\n");
    auto go = world.emit("go");
    for (const auto* name : {"a", "b", "c", "d"}) world.end(name, pre_start);
    for (const auto* name : {"a", "b", "c", "d"}) world.ready(name);
    answers.push_back(*go);
  });
}

TEST_CASE("an id of an emission is never used again, though the disk was full for long before the supervisor died") {
  World world;
  world.restarts = false;
  world.load("svc", "start on go\nexec serve\n");
  world.emit("go");
  world.ready("svc");
  auto last_written = world.memory.records;
  for (int i = 0; i < 1500; ++i) world.emit("go");
  world.memory.records = last_written;
  world.clock.advance(std::chrono::seconds{1});
  world.die_and_come_back();
  world.run();
  auto before = world.broker.last_id;
  for (int i = 0; i < 10; ++i) CHECK(*world.emit("go") == "ok");
  CHECK(world.broker.last_id == before + 10);
}

TEST_CASE("wherever the supervisor dies, the end of the session goes on") {
  check_every_death([](World& world, auto& answers) {
    world.load("svc", "exec serve\n");
    world.load("last", "task\nstart on session-end\nexec say goodbye\n");
    auto start = world.start("svc");
    world.ready("svc");
    world.survive([&] { world.jobs.end_session("logout"); }, true);
    world.run();
    world.end("svc", main, SIGTERM);
    world.end("last");
    CHECK(world.recorder.has("session ended"));
    answers.push_back(start->text());
  });
}
