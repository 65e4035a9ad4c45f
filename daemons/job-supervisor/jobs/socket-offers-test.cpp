// Sockets that bridges offer to jobs: who gets which when, and what the bridge hears of it.
#include "daemons/job-supervisor/jobs/test-world.hpp"

#include <csignal>

using namespace upstart::supervisor;
using namespace upstart::supervisor::test;

namespace {

constexpr auto main = ProcessKind::main;
using Names = std::vector<std::string>;

SocketOffer port(const std::string& number, const std::string& identity = "") {
  return {.identity = identity.empty() ? "socket " + number : identity,
          .name = number,
          .variables = upstart::protocol::Environment{{"PROTO=inet", "PORT=" + number}},
          .file = std::make_shared<const upstart::base::FileDescriptor>()};
}

Names offer(World& world, const std::string& job, std::vector<SocketOffer> offers) {
  Names held;
  world.survive([&] { held = world.jobs.conditions().offer(*world.jobs.classes().find(job), std::move(offers)); });
  world.run();
  return held;
}

Names sockets_of(World& world, const std::string& title) { return world.processes.of(title).running.at(main).sockets; }

constexpr const char* pair = "start on socket PROTO=inet PORT=80 or socket PROTO=inet PORT=81\nexec serve\n";

void watch(World& world) { [[maybe_unused]] auto jobs = world.jobs.conditions().watch("socket"); }

} // namespace

TEST_CASE("a job gets all of its sockets, in their order, when it is started by one of them, and no descriptor twice") {
  World world;
  world.load("web", pair);
  watch(world);
  CHECK(offer(world, "web", {port("80"), port("81")}).empty());
  world.emit("socket", {"PROTO=inet", "PORT=81"}, {std::make_shared<upstart::base::FileDescriptor>()});
  CHECK(sockets_of(world, "web") == Names{"80", "81"});
  CHECK(world.processes.of("web").running.at(main).files == 0);
}

TEST_CASE("by hand, at a respawn and at a restart a job gets its sockets too") {
  World world;
  world.load("web", std::string{pair} + "respawn\n");
  watch(world);
  offer(world, "web", {port("80"), port("81")});
  world.start("web");
  CHECK(sockets_of(world, "web") == Names{"80", "81"});
  world.ready("web");
  world.end("web", main, SIGKILL);
  CHECK(sockets_of(world, "web") == Names{"80", "81"});
  world.ready("web");
  world.restart("web");
  world.end("web", main, SIGTERM);
  CHECK(sockets_of(world, "web") == Names{"80", "81"});
}

TEST_CASE("the descriptor of an event that is not a socket's comes beside the sockets") {
  World world;
  world.load("web", "start on socket\nexec serve\n");
  watch(world);
  offer(world, "web", {port("80")});
  world.emit("socket", {"PROTO=inet", "PORT=80", "CONNECTION=1"}, {std::make_shared<upstart::base::FileDescriptor>()});
  CHECK(sockets_of(world, "web") == Names{"80"});
  CHECK(world.processes.of("web").running.at(main).files == 1);
}

TEST_CASE("an instance gets the socket that names it") {
  World world;
  world.load("web", std::string{pair} + "instance $PORT\n");
  watch(world);
  offer(world, "web", {port("80"), port("81")});
  world.start("web", {"PORT=81"});
  CHECK(sockets_of(world, "web/81") == Names{"81"});
  world.emit("socket", {"PROTO=inet", "PORT=80"});
  CHECK(sockets_of(world, "web/80") == Names{"80"});
  world.start("web", {"PORT=82"});
  CHECK(sockets_of(world, "web/82").empty());
}

TEST_CASE("instances that the sockets do not name have all of them") {
  World world;
  world.load("web", std::string{pair} + "instance $WHO\n");
  watch(world);
  offer(world, "web", {port("80"), port("81")});
  world.start("web", {"WHO=me"});
  world.start("web", {"WHO=you"});
  CHECK(sockets_of(world, "web/me") == Names{"80", "81"});
  CHECK(sockets_of(world, "web/you") == Names{"80", "81"});
}

TEST_CASE("the bridge hears by socket who has one, from the start to the very end") {
  World world;
  world.restarts = false; // what is told while the bridge is away it learns from the answer to its next offer
  world.load("web", std::string{pair} + "instance $PORT\n");
  watch(world);
  offer(world, "web", {port("80"), port("81")});
  world.start("web", {"PORT=81"});
  CHECK(world.recorder.has("web has socket 81"));
  CHECK_FALSE(world.recorder.has("web has socket 80"));
  world.ready("web/81");
  world.stop("web", {"PORT=81"});
  CHECK_FALSE(world.recorder.has("web has no longer socket 81"));
  world.end("web/81", main, SIGTERM);
  CHECK(world.recorder.has("web has no longer socket 81"));
}

TEST_CASE("a job that was started before its socket was there is without it until its process is started again") {
  World world;
  world.load("web", std::string{pair} + "respawn\n");
  watch(world);
  world.start("web");
  world.ready("web");
  CHECK(offer(world, "web", {port("80")}).empty());
  CHECK(offer(world, "web", {port("80")}).empty());
  world.end("web", main, SIGKILL);
  CHECK(sockets_of(world, "web") == Names{"80"});
  CHECK(offer(world, "web", {port("80")}) == Names{"socket 80"});
}

TEST_CASE(
    "offered anew, the same socket stays with who has it, another one does not come to it, and one less is gone") {
  World world;
  world.load("web", std::string{pair} + "respawn\n");
  watch(world);
  offer(world, "web", {port("80"), port("81")});
  world.start("web");
  world.ready("web");
  CHECK(offer(world, "web", {port("80"), port("81")}) == Names{"socket 80", "socket 81"});
  CHECK(offer(world, "web", {port("80"), port("81", "opened again")}) == Names{"socket 80"});
  world.end("web", main, SIGKILL);
  CHECK(sockets_of(world, "web") == Names{"80", "81"});
  CHECK(offer(world, "web", {port("81", "opened again")}) == Names{"opened again"});
  CHECK(world.memory.files.size() == 1);
  offer(world, "web", {});
  CHECK(world.memory.files.empty());
}

TEST_CASE("a job that goes, or that asks for no socket any more, is offered none") {
  World world;
  world.load("web", pair);
  world.load("other", pair);
  watch(world);
  offer(world, "web", {port("80")});
  offer(world, "other", {port("80")});
  world.unload("web");
  CHECK(world.memory.files.size() == 1);
  world.load("other", "start on something\nexec serve\n");
  world.run();
  CHECK(world.memory.files.empty());
  world.start("other");
  CHECK(sockets_of(world, "other").empty());
}

TEST_CASE("what is offered outlives the supervisor") {
  World world;
  world.restarts = false;
  world.load("web", pair);
  watch(world);
  offer(world, "web", {port("80"), port("81")});
  world.die_and_come_back();
  CHECK(world.memory.files.size() == 2);
  world.start("web");
  CHECK(sockets_of(world, "web") == Names{"80", "81"});
  world.die_and_come_back();
  CHECK(offer(world, "web", {port("80"), port("81")}) == Names{"socket 80", "socket 81"});
}

TEST_CASE("bridges are told conditions with the variables of the class's own env expanded, and others as they stand") {
  World world;
  world.load("web", "env MINE=80\nstart on socket PROTO=inet PORT=$MINE ADDR=$HIS\nexec serve\n");
  const auto& job_class = *world.jobs.classes().find("web")->job_class();
  auto told = postfix(world.jobs.conditions().for_bridges(job_class, job_class.start_on));
  CHECK(told == std::vector<Names>{{"socket", "PROTO=inet", "PORT=80", "ADDR=$HIS"}});
}
