// What is told of the jobs to those who ask why.
#include "daemons/job-supervisor/jobs/state-dump.hpp"
#include "daemons/job-supervisor/jobs/test-world.hpp"

#include <csignal>

using namespace upstart::supervisor;
using namespace upstart::supervisor::test;
using namespace std::chrono_literals;
using enum ProcessKind;
using upstart::protocol::InstanceState;
using upstart::protocol::JobState;

namespace {

JobState told(World& world, const std::string& job) { return job_state_of(world.jobs, job).value(); }
InstanceState instance(World& world, const std::string& job) { return told(world, job).instances.at(0); }

} // namespace

TEST_CASE("what the main process says of itself is told while it runs") {
  World world;
  world.load("svc", "expect notify\nexec serve\n");
  world.start("svc");
  world.processes.of("svc").events.status("warming up");
  CHECK(world.jobs.classes().find("svc", "")->life().rare->status_text == "warming up");
  CHECK(instance(world, "svc").status_text == "warming up");
}

TEST_CASE(
    "the state tells conditions as they are written, what they stand for, and which of their variables are not set") {
  World world;
  world.load("svc", "env IF=eth0\nstart on go\nstop on bye X=$NOPE or (net IFACE=$IF and end)\nexec serve\n");
  world.start("svc");
  world.ready("svc");
  world.emit("end");
  auto nodes = instance(world, "svc").stop_on;
  REQUIRE(nodes.size() == 5);
  CHECK(nodes[0].words == std::vector<std::string>{"bye", "X=$NOPE"});
  CHECK(nodes[0].unset == std::vector<std::string>{"NOPE"});
  CHECK(nodes[1].words == std::vector<std::string>{"net", "IFACE=$IF"});
  CHECK(nodes[1].expanded == std::vector<std::string>{"net", "IFACE=eth0"});
  CHECK_FALSE(nodes[1].unset);
  REQUIRE(nodes[2].held);
  CHECK(nodes[2].held->name == "end");
  CHECK(nodes[2].expanded.empty());
}

TEST_CASE(
    "the state tells which variables an instance needs, how main ended at the respawn limit, and that a file is gone") {
  World world;
  world.load("svc", "respawn\nrespawn limit 1 5\nexec serve\n");
  world.load("inst", "env A=1\ninstance $A$B${C}${D:-x}\n");
  CHECK(told(world, "inst").instance == "$A$B${C}${D:-x}");
  CHECK(told(world, "inst").instance_needs == std::vector<std::string>{"B", "C"});
  CHECK_FALSE(told(world, "svc").respawn_limit_end);
  world.start("svc", {}, false);
  world.end("svc", main, exited(3));
  world.end("svc", main, exited(4));
  CHECK(told(world, "svc").respawn_limit_end == exited(4));
  CHECK_FALSE(told(world, "svc").file_gone);
  world.start("svc", {}, false);
  world.unload("svc");
  CHECK(told(world, "svc").file_gone);
}

TEST_CASE("hooks that go wrong without failing the job are told of until it starts anew") {
  World world;
  world.load("svc", "respawn\nexec serve\npost-start exec announce\npre-stop exec take leave\n");
  world.start("svc");
  world.ready("svc");
  world.end("svc", post_start, exited(3));
  auto job = [&] { return world.jobs.classes().find("svc", ""); }; // another one when the jobs have come back
  CHECK(world.state("svc") == "start/running");
  CHECK(job()->life().rare->ignored_failures ==
        std::vector<std::string>{"post-start process terminated with status 3"});
  CHECK(instance(world, "svc").ignored_failures == job()->life().rare->ignored_failures);
  world.stop("svc", {}, false);
  world.end("svc", pre_stop, SIGSEGV);
  CHECK(job()->life().rare->ignored_failures.back() == "pre-stop process killed by SEGV signal");
  world.start("svc", {}, false);
  world.end("svc", main, SIGTERM);
  CHECK(world.state("svc") == "start/spawned");
  CHECK(job()->life().rare->ignored_failures.empty());
  const auto& records = world.jobs.classes().find("svc")->records.all(); // also then
  for (const auto* text : {"post-start process terminated with status 3; that is ignored",
                           "pre-stop process killed by SEGV signal; that is ignored"})
    CHECK(std::ranges::contains(records, text, [](const JobRecord& record) { return *record.text; }));
}

TEST_CASE("the state of all jobs is that of each, by name; of a job that is not there there is none") {
  World world;
  world.load("b", "exec serve\n");
  world.load("a", "start on x and y\n");
  world.start("b");
  auto state = state_of(world.jobs);
  REQUIRE(state.jobs.size() == 2);
  CHECK(state.jobs[0] == told(world, "a"));
  CHECK(state.jobs[1] == told(world, "b"));
  CHECK(upstart::protocol::supervisor_state_from_json(upstart::protocol::to_json(state)).value() == state);
  CHECK_FALSE(job_state_of(world.jobs, "nosuch"));
}

TEST_CASE("who holds an event: a condition that waits for more, and an instance on its way") {
  World world;
  world.load("half", "start on go and more\n");
  world.load("svc", "start on go\nstop on go2 and never\nexec serve\npost-start exec announce\n");
  world.emit("go");
  auto id = instance(world, "svc").blocking.at(0).id;
  CHECK(holders_of(world.jobs, id) ==
        std::vector<EventHolder>{{"half", "", "start on"}, {"svc", "", world.state("svc")}});
  world.emit("go2");
  auto second = instance(world, "svc").stop_on.at(0).held.value().id;
  CHECK(holders_of(world.jobs, second) == std::vector<EventHolder>{{"svc", "", "stop on"}});
  CHECK(holders_of(world.jobs, 12345).empty());
}

TEST_CASE("the events that jobs emit are told once each, by name") {
  World world;
  world.load("a", "emits z\nemits made-*\n");
  world.load("b", "emits z\n");
  CHECK(emitted_by_jobs(world.jobs) == std::vector<std::string>{"made-*", "z"});
}

TEST_CASE("what was warned of about a job's processes is told, each once, and not without end") {
  World world;
  world.load("svc", "exec serve\n");
  world.jobs.keep_warning("svc", "processes 12 go on after the stop (login sessions)");
  for (int i = 0; i < 20; ++i) world.jobs.keep_warning("svc", "has not forked");
  world.jobs.keep_warning("nobody", "is not there");
  CHECK(job_state_of(world.jobs, "svc")->warnings ==
        std::vector<std::string>{"processes 12 go on after the stop (login sessions)", "has not forked"});
  for (int i = 0; i < 20; ++i) world.jobs.keep_warning("svc", std::to_string(i));
  CHECK(job_state_of(world.jobs, "svc")->warnings.size() == ClassEntry::most_warnings);
  CHECK(job_state_of(world.jobs, "svc")->warnings.back() == "19");
}

TEST_CASE("a list shows how instances that are gone have failed, until they are started again or that is forgotten") {
  World world;
  world.load("svc", "description \"serves\"\nexec serve\n");
  auto summary = [&] { return summaries_of(world.jobs).at(0); };
  world.start("svc", {}, false);
  world.ready("svc");
  CHECK(summary().description == "serves");
  CHECK(summary().instances.at(0).state == "running");
  CHECK(summary().failures.empty());
  world.end("svc", main, exited(3));
  CHECK(summary().instances.empty());
  REQUIRE(summary().failures.size() == 1);
  CHECK(summary().failures[0].text == "main process terminated with status 3; the job failed");
  CHECK(summary().failures[0].time > 0);
  world.start("svc", {}, false);
  CHECK(summary().failures.empty());
  world.ready("svc");
  world.end("svc", main, exited(4));
  CHECK(summary().failures.size() == 1);
  CHECK(world.jobs.forget_failures("svc"));
  CHECK(summary().failures.empty());
  CHECK(told(world, "svc").records.back().text == "its failures were forgotten, by a command");
  CHECK_FALSE(world.jobs.forget_failures("svc"));
}

TEST_CASE("a job that was stopped has not failed") {
  World world;
  world.restarts = false; // when it stopped is not sure to survive
  world.load("svc", "exec serve\n");
  world.start("svc", {}, false);
  world.ready("svc");
  world.stop("svc", {}, false);
  world.end("svc", main, SIGTERM);
  CHECK(summaries_of(world.jobs).at(0).failures.empty());
  CHECK(summaries_of(world.jobs).at(0).stopped_since > 0);
}
