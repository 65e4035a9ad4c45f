// What is told of the jobs to those who ask why.
#include "daemons/job-supervisor/jobs/state-dump.hpp"
#include "daemons/job-supervisor/jobs/test-world.hpp"

#include <nlohmann/json.hpp>

#include <csignal>

using namespace upstart::supervisor;
using namespace upstart::supervisor::test;
using namespace std::chrono_literals;
using enum ProcessKind;

TEST_CASE("what the main process says of itself is told while it runs") {
  World world;
  world.load("svc", "expect notify\nexec serve\n");
  world.start("svc");
  world.processes.of("svc").events.status("warming up");
  CHECK(world.jobs.find_instance("svc", "")->status_text() == "warming up");
  CHECK(dump_state(world.jobs).contains(R"("status_text":"warming up")"));
}

TEST_CASE(
    "the state tells conditions as they are written, what they stand for, and which of their variables are not set") {
  World world;
  world.load("svc", "env IF=eth0\nstart on go\nstop on bye X=$NOPE or (net IFACE=$IF and end)\nexec serve\n");
  world.start("svc");
  world.ready("svc");
  world.emit("end");
  auto nodes = nlohmann::json::parse(dump_state(world.jobs))["job_classes"][0]["jobs"][0]["stop_on"];
  REQUIRE(nodes.size() == 5);
  CHECK(nodes[0]["node"] == std::vector<std::string>{"bye", "X=$NOPE"});
  CHECK(nodes[0]["unset"] == std::vector<std::string>{"NOPE"});
  CHECK(nodes[1]["node"] == std::vector<std::string>{"net", "IFACE=$IF"});
  CHECK(nodes[1]["expanded"] == std::vector<std::string>{"net", "IFACE=eth0"});
  CHECK_FALSE(nodes[1].contains("unset"));
  CHECK(nodes[2]["held"]["name"] == "end");
  CHECK_FALSE(nodes[2].contains("expanded"));
}

TEST_CASE(
    "the state tells which variables an instance needs, how main ended at the respawn limit, and that a file is gone") {
  World world;
  world.load("svc", "respawn\nrespawn limit 1 5\nexec serve\n");
  world.load("inst", "env A=1\ninstance $A$B${C}${D:-x}\n");
  auto told = [&](const std::string& job) {
    auto state = nlohmann::json::parse(dump_state(world.jobs));
    return *std::ranges::find(state["job_classes"], job,
                              [](const auto& each) { return each["name"].template get<std::string>(); });
  };
  CHECK(told("inst")["instance"] == "$A$B${C}${D:-x}");
  CHECK(told("inst")["instance_needs"] == std::vector<std::string>{"B", "C"});
  CHECK(told("svc")["respawn_limit_end"] == nullptr);
  world.start("svc", {}, false);
  world.end("svc", main, exited(3));
  world.end("svc", main, exited(4));
  CHECK(told("svc")["respawn_limit_end"] == exited(4));
  CHECK(told("svc")["file_gone"] == false);
  world.start("svc", {}, false);
  world.unload("svc");
  CHECK(told("svc")["file_gone"] == true);
}

TEST_CASE("hooks that go wrong without failing the job are told of until it starts anew") {
  World world;
  world.load("svc", "respawn\nexec serve\npost-start exec announce\npre-stop exec take leave\n");
  world.start("svc");
  world.ready("svc");
  world.end("svc", post_start, exited(3));
  auto* job = world.jobs.find_instance("svc", "");
  CHECK(world.state("svc") == "start/running");
  CHECK(job->passed_over() == std::vector<std::string>{"post-start process terminated with status 3"});
  CHECK(dump_state(world.jobs).contains("post-start process terminated with status 3"));
  world.stop("svc", {}, false);
  world.end("svc", pre_stop, SIGSEGV);
  CHECK(job->passed_over().back() == "pre-stop process killed by SEGV signal");
  world.start("svc", {}, false);
  world.end("svc", main, SIGTERM);
  CHECK(world.state("svc") == "start/spawned");
  CHECK(job->passed_over().empty());
}
