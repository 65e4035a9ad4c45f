// What is remembered of the time that jobs took.
#include "daemons/job-supervisor/jobs/state-dump.hpp"
#include "daemons/job-supervisor/jobs/test-world.hpp"

using namespace upstart::supervisor;
using namespace upstart::supervisor::test;
using namespace std::chrono_literals;
using enum ProcessKind;

namespace {

// "starting@0 running@5", times in ms.
std::string moments(const Run& run) {
  std::string text;
  for (const auto& moment : run.moments)
    text += (text.empty() ? "" : " ") + std::string{name_of(moment.state)} + "@" + std::to_string(moment.time() / 1ms);
  return text;
}

std::vector<const Run*> runs(World& world, const std::string& job) {
  std::vector<const Run*> found;
  for (const auto& [name, instance, run, _] : runs_of(world.jobs))
    if (*name == job) found.push_back(run);
  return found;
}

} // namespace

TEST_CASE("a run tells when each state was reached, and the event that started it") {
  World world;
  world.load("svc", "start on go\npre-start exec a\nexec serve\npost-stop exec b\n");
  world.clock.advance(10ms);
  world.emit("go", {"K=v"});
  world.clock.advance(20ms);
  world.end("svc", pre_start);
  world.ready("svc");
  REQUIRE(runs(world, "svc").size() == 1);
  const auto& run = *runs(world, "svc").at(0);
  CHECK(moments(run) == "starting@10 security@10 pre-start@10 spawned@30 post-start@30 running@30");
  CHECK(run.origin == RunOrigin::event);
  REQUIRE(run.causes->size() == 1);
  CHECK((*run.causes)[0].name == "go");
  CHECK((*run.causes)[0].event != 0);
  CHECK((*run.causes)[0].emitter->job.empty());
  world.clock.advance(100ms);
  world.stop("svc", {}, false);
  world.clock.advance(1ms);
  world.end("svc", main);
  world.clock.advance(1ms);
  world.end("svc", post_stop);
  REQUIRE(runs(world, "svc").size() == 1);
  CHECK(moments(*runs(world, "svc").at(0))
            .ends_with("running@30 pre-stop@130 stopping@130 killed@130 post-stop@131 waiting@132"));
}

TEST_CASE("of an event of another job's life a run tells which job's") {
  World world;
  world.load("db", "instance $N\nexec serve\n");
  world.load("web", "start on started db\nexec serve\n");
  world.start("db", {"N=one"}, false);
  world.ready("db/one");
  REQUIRE(runs(world, "web").size() == 1);
  const auto& run = *runs(world, "web").at(0);
  REQUIRE(run.causes->size() == 1);
  CHECK((*run.causes)[0].name == "started");
  CHECK((*run.causes)[0].emitter->job == "db");
  CHECK((*run.causes)[0].emitter->instance == "one");
  CHECK(runs(world, "db").at(0)->origin == RunOrigin::command);
}

TEST_CASE("of the runs that are over the first and the last are kept") {
  World world;
  world.load("svc", "exec serve\n");
  for (int i = 0; i < 4; ++i) {
    world.clock.advance(1000ms);
    world.start("svc", {}, false);
    world.ready("svc");
    world.stop("svc", {}, false);
    world.end("svc");
  }
  REQUIRE(runs(world, "svc").size() == 2);
  CHECK(moments(*runs(world, "svc").at(0)).starts_with("starting@1000 "));
  CHECK(moments(*runs(world, "svc").at(1)).starts_with("starting@4000 "));
}

TEST_CASE("a respawn is a run of its own, and one that failed says so") {
  World world;
  world.load("svc", "respawn\nexec serve\n");
  world.start("svc", {}, false);
  world.ready("svc");
  world.end("svc", main, exited(3));
  REQUIRE(runs(world, "svc").size() == 2);
  CHECK(runs(world, "svc").at(1)->origin == RunOrigin::respawn);
  world.load("bad", "exec serve\n");
  world.start("bad", {}, false);
  world.ready("bad");
  world.end("bad", main, exited(3));
  CHECK(runs(world, "bad").at(0)->failed);
}

TEST_CASE("the time at which init began and the runs outlive the supervisor") {
  World world;
  world.restarts = false;
  world.clock.advance(70ms);
  world.die_and_come_back(); // which takes up nothing, as at the very first
  CHECK(began(world.jobs) == 70ms);
  world.load("svc", "exec serve\n");
  world.load("done", "task\nexec work\n");
  world.start("svc", {}, false);
  world.ready("svc");
  world.start("done", {}, false);
  world.end("done");
  auto before = moments(*runs(world, "svc").at(0)), over = moments(*runs(world, "done").at(0));
  CHECK_FALSE(before.empty());
  CHECK_FALSE(over.empty());
  world.clock.advance(5ms);
  world.die_and_come_back();
  CHECK(moments(*runs(world, "svc").at(0)) == before);
  CHECK(moments(*runs(world, "done").at(0)) == over);
  CHECK(began(world.jobs) == 70ms);
}
