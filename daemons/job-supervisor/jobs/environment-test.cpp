// Which variables reach which process, event and condition.
#include "daemons/job-supervisor/jobs/test-world.hpp"

#include "protocol/names.hpp"

#include <csignal>

using namespace upstart::supervisor;
using namespace upstart::supervisor::test;
using namespace std::chrono_literals;
using enum ProcessKind;

TEST_CASE("hooks see the result that the start brought, and their own job's under names of its own") {
  World world;
  world.load("shell", "start on stopped mounts EXIT_STATUS=[!4]\ntask\nexec fix\npost-stop exec clean\n");
  world.emit("stopped", {"JOB=mounts", "INSTANCE=", "RESULT=failed", "PROCESS=main", "EXIT_STATUS=2"});
  world.ready("shell");
  CHECK(world.variable("shell", "EXIT_STATUS") == "2");
  world.end("shell", main);
  CHECK(world.variable("shell", "RESULT", post_stop) == "failed");
  CHECK(world.variable("shell", "PROCESS", post_stop) == "main");
  CHECK(world.variable("shell", "EXIT_STATUS", post_stop) == "2");
  CHECK(world.variable("shell", "UPSTART_RESULT", post_stop) == "ok");
  CHECK(world.variable("shell", "UPSTART_PROCESS", post_stop) == "(unset)");
}

TEST_CASE("hooks are told the job's own result under each name that the start did not bring") {
  World world;
  world.load("svc", "exec sleep 1000\npre-stop exec bye\npost-stop exec clean\n");
  world.start("svc", {"RESULT=mine", "EXIT_STATUS=7"});
  world.ready("svc");
  world.end("svc", main, exited(3));
  CHECK(world.variable("svc", "RESULT", post_stop) == "mine");
  CHECK(world.variable("svc", "EXIT_STATUS", post_stop) == "7");
  CHECK(world.variable("svc", "PROCESS", post_stop) == "main");
  CHECK(world.variable("svc", "UPSTART_EXIT_STATUS", post_stop) == "3");
  world.end("svc", post_stop);
  world.start("svc");
  world.ready("svc");
  world.stop("svc", {}, false);
  CHECK(world.variable("svc", "RESULT", pre_stop) == "ok");
  CHECK(world.variable("svc", "UPSTART_RESULT", pre_stop) == "ok");
}

TEST_CASE("post-stop of a job that is respawned is told how main ended, its events are not") {
  World world;
  world.load("svc", "respawn\nexec sleep 1000\npost-stop exec clean\n");
  world.start("svc");
  world.ready("svc");
  world.end("svc", main, SIGSEGV);
  CHECK(world.variable("svc", "RESULT", post_stop) == "failed");
  CHECK(world.variable("svc", "PROCESS", post_stop) == "main");
  CHECK(world.variable("svc", "EXIT_SIGNAL", post_stop) == "SEGV");
  CHECK(world.recorder.has("event stopping JOB=svc INSTANCE= RESULT=ok"));
  world.end("svc", post_stop);
  world.ready("svc");
  world.stop("svc", {}, false);
  world.end("svc", main, SIGTERM);
  CHECK(world.variable("svc", "RESULT", post_stop) == "ok");
  CHECK(world.variable("svc", "EXIT_SIGNAL", post_stop) == "(unset)");
}

TEST_CASE("an event that two leaves hold stands in the environment for each of them") {
  World world;
  world.load("svc", "start on five or two and five\nstop on x and x\ninstance $UPSTART_EVENTS\nexec sleep 1000\n"
                    "pre-stop exec bye\n");
  world.emit("two", {"A=two"});
  world.emit("five", {"A=five"});
  CHECK(world.variable("svc/five two five", "A") == "five");
  world.ready("svc/five two five");
  world.emit("x");
  CHECK(world.variable("svc/five two five", "UPSTART_STOP_EVENTS", pre_stop) == "x x");
}

TEST_CASE("an env that takes its value from init is known to start on") {
  World world;
  world.load("svc", "env INHERIT\nstart on go FROM=$INHERIT\nexec sleep 1000\n");
  world.emit("go", {"FROM=elsewhere"});
  CHECK(world.state("svc") == "gone");
  world.emit("go", {"FROM=from-init"});
  CHECK(world.state("svc") == "start/spawned");
}

TEST_CASE("the environment follows the order of the expression, not of arrival") {
  World world;
  world.load("both", "env X=class\nstart on ea and eb\nexec sleep 1000\n");
  world.emit("eb", {"X=b"});
  world.emit("ea", {"X=a"});
  CHECK(world.variable("both", "X") == "b");
  CHECK(world.variable("both", "UPSTART_EVENTS") == "ea eb");
}

TEST_CASE("stop on expands from the instance's environment") {
  World world;
  world.load("net", "instance $IFACE\nstart on up IFACE=eth*\nstop on down IFACE=$IFACE\nexec sleep 1000\n");
  world.emit("up", {"IFACE=eth0"});
  world.emit("up", {"IFACE=eth1"});
  world.ready("net/eth0");
  world.ready("net/eth1");
  auto down = world.emit("down", {"IFACE=eth0"});
  CHECK(world.state("net", "eth0") == "stop/killed");
  CHECK(world.state("net", "eth1") == "start/running");
  CHECK(down->empty());
  world.end("net/eth0", main, SIGTERM);
  CHECK(*down == "ok");
}

TEST_CASE("pre-stop sees the stopping events") {
  World world;
  world.load("svc", "exec sleep 1000\npre-stop exec bye\nstop on se\n");
  world.start("svc");
  world.ready("svc");
  world.emit("se", {"EXTRA=ev"});
  CHECK(world.variable("svc", "EXTRA", pre_stop) == "ev");
  CHECK(world.variable("svc", "UPSTART_STOP_EVENTS", pre_stop) == "se");
}

TEST_CASE("the older word for a socket's path does not become the job's PATH") {
  World world;
  world.load("svc", "start on socket PATH=/run/x\nexec sleep 1000\n");
  world.emit("socket", {"PROTO=unix", "SOCKET_PATH=/run/x", "PATH=/run/x"});
  CHECK(world.variable("svc", "PATH") == "/bin");
  CHECK(world.variable("svc", "SOCKET_PATH") == "/run/x");
}

TEST_CASE("the values of an event are the positional parameters of an event.d job") {
  World world;
  world.load("rc", "start on runlevel 5\nexec /etc/rc.d/rc 5\n", Dialect::event_d);
  world.emit("runlevel", {"RUNLEVEL=5", "PREVLEVEL=N"});
  CHECK(world.processes.of("rc").running.at(main).parameters == std::vector<std::string>{"5", "N"});
  CHECK(world.variable("rc", "UPSTART_EVENT") == "runlevel");
  world.load("new", "start on runlevel RUNLEVEL=5\nexec sleep 1000\n");
  world.emit("runlevel", {"RUNLEVEL=5"});
  CHECK(world.processes.of("new").running.at(main).parameters.empty());
}

TEST_CASE("exported variables go into the job's own events, and never replace theirs") {
  World world;
  world.load("svc", "env A=1\nenv JOB=mine\nexport A JOB NOSUCH\nexec sleep 1000\n");
  world.start("svc");
  CHECK(world.recorder.has("event starting JOB=svc INSTANCE= A=1"));
}

TEST_CASE("a bare env takes init's own value") {
  World world;
  world.load("svc", "env INHERIT\nenv NOWHERE=x\nenv NOWHERE\nexec sleep 1000\n");
  world.start("svc");
  CHECK(world.variable("svc", "INHERIT") == "from-init");
  CHECK(world.variable("svc", "NOWHERE") == "(unset)");
  CHECK(world.variable("svc", "UPSTART_JOB") == "svc");
}

TEST_CASE("a restart by the class rebuilds the environment, by the instance keeps it") {
  World world;
  world.load("svc", "env A=class\nexec sleep 1000\n");
  world.start("svc", {"A=given"});
  world.ready("svc");
  auto [answer, reply] = World::answer();
  world.give(reply, [&](Asker asker) {
    world.jobs.commands().restart(*world.jobs.classes().find("svc", ""), true, std::move(asker));
  });
  world.end("svc", main, SIGTERM);
  CHECK(world.variable("svc", "A") == "given");
  world.ready("svc");
  CHECK(answer->text() == "/com/ubuntu/Upstart/jobs/svc/_");
  auto again = world.restart("svc", {"B=2"});
  world.end("svc", main, SIGTERM);
  CHECK(world.variable("svc", "A") == "class");
  CHECK(world.variable("svc", "B") == "2");
  world.ready("svc");
  CHECK(again->text() == "/com/ubuntu/Upstart/jobs/svc/_");
}

TEST_CASE("the global table changes running jobs, a job's table only it") {
  World world;
  world.load("svc", "exec sleep 1000\npost-stop exec clean\n");
  world.start("svc");
  world.ready("svc");
  CHECK(world.jobs.environments().set({}, {"G=1"}, true));
  CHECK(world.jobs.environments().get({{{"svc", ""}}}, "G") == "1");
  CHECK(world.jobs.environments().set({{{"svc", ""}}}, {"J"}, true));
  CHECK(world.jobs.environments().get({}, "J").error().message == "No such variable: J");
  CHECK(world.jobs.environments().get({{{"svc", "x"}}}, "J").error().message == "Unknown instance: x of job svc");
  CHECK(world.jobs.environments().get({{{"nosuch", ""}}}, "J").error().message == "Unknown job: nosuch");
  CHECK(world.jobs.environments().set({{{"nosuch", ""}}}, {"J=1"}, true).error().name ==
        upstart::protocol::error_name::unknown_job);
  CHECK(world.jobs.environments().set({}, {"G=2"}, false));
  CHECK(world.jobs.environments().get({}, "G") == "1");
  CHECK(world.jobs.environments().reset({}));
  CHECK_FALSE(world.jobs.environments().get({}, "G"));
}
