#include "daemons/job-supervisor/jobs/state-dump.hpp"
#include "daemons/job-supervisor/jobs/test-world.hpp"

#include <nlohmann/json.hpp>

#include <csignal>

using namespace upstart::supervisor;
using namespace upstart::supervisor::test;
using namespace std::chrono_literals;
using enum ProcessKind;

TEST_CASE("a start is answered when the service runs, a stop when it has gone") {
  World world;
  world.load("svc", "exec sleep 1000\n");
  auto started = world.start("svc");
  CHECK(started->text().empty());
  world.ready("svc");
  CHECK(started->text() == "/com/ubuntu/Upstart/jobs/svc/_");
  auto stopped = world.stop("svc");
  CHECK(world.processes.of("svc").signals == std::vector{std::pair{main, SIGTERM}});
  world.end("svc", main, SIGTERM);
  CHECK(stopped->text() == "/com/ubuntu/Upstart/jobs/svc/_");
  CHECK(world.state("svc") == "gone");
}

TEST_CASE("signals come in the order that clients know") {
  World world;
  world.load("svc", "exec sleep 1000\n");
  world.start("svc");
  world.ready("svc");
  CHECK(world.diary.lines == std::vector<std::string>{"+svc", "+svc/", "svc !start", "svc starting", "svc security-spawning", "svc security", "svc pre-starting",
                                                      "svc pre-start", "svc spawning", "svc spawned", "event starting JOB=svc INSTANCE=", "svc post-starting",
                                                      "svc post-start", "svc running", "event started JOB=svc INSTANCE="});
  world.diary.lines.clear();
  world.stop("svc");
  world.end("svc", main, SIGTERM);
  CHECK(world.diary.lines == std::vector<std::string>{"svc !stop", "svc pre-stopping", "svc pre-stop", "svc stopping", "svc killed",
                                                      "event stopping JOB=svc INSTANCE= RESULT=ok", "svc post-stopping", "svc post-stop", "svc waiting", "-svc/",
                                                      "event stopped JOB=svc INSTANCE= RESULT=ok"});
}

TEST_CASE("commands that cannot be obeyed are refused by name") {
  World world;
  world.load("svc", "exec sleep 1000\n");
  world.load("inst", "instance $NAME\nusage \"NAME=x\"\nexec sleep 1000\n");
  CHECK(world.stop("svc")->text() == "UnknownInstance: Unknown instance: ");
  CHECK(world.start("svc", {"bad"})->text() == "InvalidArgs: Env must be KEY=VALUE pairs");
  CHECK(world.start("inst")->text() == "InvalidArgs: Unknown parameter: NAME\nUsage: NAME=x");
  CHECK(world.stop("inst", {"NAME=a"})->text() == "UnknownInstance: Unknown instance: a");
  world.start("svc");
  CHECK(world.start("svc")->text() == "AlreadyStarted: Job is already running: svc");
  world.start("inst", {"NAME=a"});
  CHECK(world.start("inst", {"NAME=a"})->text() == "AlreadyStarted: Job is already running: inst (a)");
  world.ready("svc");
  world.stop("svc", {}, false);
  CHECK(world.stop("svc")->text() == "AlreadyStopped: Job has already been stopped: svc");
  CHECK(world.restart("svc")->text() == "AlreadyStopped: Job has already been stopped: svc");
}

TEST_CASE("a stop during pre-start ends in waiting and tells every caller") {
  World world;
  world.load("svc", "pre-start exec prepare\nexec sleep 1000\n");
  auto started = world.start("svc");
  auto stopped = world.stop("svc");
  CHECK(started->text() == "/com/ubuntu/Upstart/jobs/svc/_"); // a new command answers earlier ones with success
  CHECK(world.state("svc") == "stop/pre-start");
  world.end("svc", pre_start);
  CHECK(stopped->text() == "/com/ubuntu/Upstart/jobs/svc/_");
  CHECK(world.state("svc") == "gone");
}

TEST_CASE("a failing job tells whoever waits, by what they wanted") {
  World world;
  world.load("svc", "pre-start exec prepare\nexec sleep 1000\npost-stop exec clean\n");
  auto started = world.start("svc");
  world.end("svc", pre_start, exited(2));
  CHECK(started->text() == "JobFailed: Job failed to start");
  auto& clean = world.processes.of("svc").running.at(post_stop);
  CHECK(std::ranges::contains(clean.environment, "RESULT=failed"));
  CHECK(std::ranges::contains(clean.environment, "EXIT_STATUS=2"));
  world.end("svc", post_stop);
  CHECK(world.diary.has("event stopped JOB=svc INSTANCE= RESULT=failed PROCESS=pre-start EXIT_STATUS=2"));

  world.start("svc");
  world.end("svc", pre_start);
  world.ready("svc");
  auto stopped = world.stop("svc");
  world.end("svc", main, SIGTERM);
  world.end("svc", post_stop, exited(5));
  CHECK(stopped->text() == "JobFailed: Job failed while stopping");
}

TEST_CASE("what the main process says of itself is told while it runs") {
  World world;
  world.load("svc", "expect notify\nexec serve\n");
  world.start("svc");
  world.processes.of("svc").events.status("warming up");
  CHECK(world.jobs.find_instance("svc", "")->status_text() == "warming up");
  CHECK(dump_state(world.jobs).contains(R"("status_text":"warming up")"));
}

TEST_CASE("the state tells conditions as they are written, what they stand for, and which of their variables are not set") {
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

TEST_CASE("the state tells which variables an instance needs, how main ended at the respawn limit, and that a file is gone") {
  World world;
  world.load("svc", "respawn\nrespawn limit 1 5\nexec serve\n");
  world.load("inst", "env A=1\ninstance $A$B${C}${D:-x}\n");
  auto told = [&](const std::string& job) {
    auto state = nlohmann::json::parse(dump_state(world.jobs));
    return *std::ranges::find(state["job_classes"], job, [](const auto& each) { return each["name"].template get<std::string>(); });
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

TEST_CASE("a restart that waits for a hook is a start to whoever starts the job, and another restart takes it over") {
  World world;
  world.load("svc", "start on go\nexec sleep 1000\npre-stop exec bye\n");
  world.start("svc");
  world.ready("svc");
  auto first = world.restart("svc");
  CHECK(world.start("svc")->text() == "AlreadyStarted: Job is already running: svc");
  CHECK(*world.emit("go") == "ok");
  auto second = world.restart("svc");
  CHECK(first->text() == "/com/ubuntu/Upstart/jobs/svc/_");
  CHECK(second->text().empty());
  world.end("svc", pre_stop);
  world.end("svc", main, SIGTERM);
  world.ready("svc");
  CHECK(world.state("svc") == "start/running");
  CHECK(second->text() == "/com/ubuntu/Upstart/jobs/svc/_");
}

TEST_CASE("hooks are not told the result of another job as their own") {
  World world;
  world.load("svc", "start on stopped src RESULT=failed\nexec sleep 1000\npost-stop exec clean\n");
  world.emit("stopped", {"JOB=src", "INSTANCE=", "RESULT=failed", "PROCESS=main", "EXIT_STATUS=7"});
  world.ready("svc");
  CHECK(world.variable("svc", "EXIT_STATUS") == "7");
  world.stop("svc", {}, false);
  world.end("svc", main, SIGTERM);
  CHECK(world.variable("svc", "RESULT", post_stop) == "ok");
  CHECK(world.variable("svc", "PROCESS", post_stop) == "(unset)");
  CHECK(world.variable("svc", "EXIT_STATUS", post_stop) == "(unset)");
}

TEST_CASE("an env that takes its value from init is known to start on") {
  World world;
  world.load("svc", "env INHERIT\nstart on go FROM=$INHERIT\nexec sleep 1000\n");
  world.emit("go", {"FROM=elsewhere"});
  CHECK(world.state("svc") == "gone");
  world.emit("go", {"FROM=from-init"});
  CHECK(world.state("svc") == "start/spawned");
}

TEST_CASE("a fork that fails fails the job") {
  World world;
  world.load("svc", "exec sleep 1000\n");
  world.processes.fail_to_fork = true;
  CHECK(world.start("svc")->text() == "JobFailed: Job failed to start");
  CHECK(world.state("svc") == "gone");
}

TEST_CASE("an event starts the jobs that match it, and its emitter waits until they run") {
  World world;
  world.load("a", "start on go KEY=v*\nexec sleep 1000\n");
  world.load("b", "start on go KEY=other\nexec sleep 1000\n");
  auto emitted = world.emit("go", {"KEY=value"});
  CHECK(emitted->empty());
  CHECK(world.state("b") == "gone");
  CHECK(world.variable("a", "KEY") == "value");
  CHECK(world.variable("a", "UPSTART_EVENTS") == "go");
  world.ready("a");
  CHECK(*emitted == "ok");
  CHECK(world.broker.done == std::vector<std::string>{"start a"});
}

TEST_CASE("an event nobody wants is finished at once and only remembered") {
  World world;
  CHECK(*world.emit("nobody", {"A=1"}) == "ok");
  CHECK(world.broker.recorded == std::vector<std::string>{"nobody"});
  CHECK(world.diary.lines.back() == "event nobody A=1");
}

TEST_CASE("and waits for both, across time, holding the first event back") {
  World world;
  world.load("both", "start on ea and eb\nexec sleep 1000\n");
  auto first = world.emit("ea", {"A=1"});
  CHECK(first->empty());
  auto repeated = world.emit("ea", {"A=2"});
  CHECK(*repeated == "ok"); // does not replace the first, is not held
  auto second = world.emit("eb", {"B=3"});
  CHECK(world.variable("both", "A") == "1");
  CHECK(world.variable("both", "UPSTART_EVENTS") == "ea eb");
  world.ready("both");
  CHECK(*first == "ok");
  CHECK(*second == "ok");
}

TEST_CASE("the environment follows the order of the expression, not of arrival") {
  World world;
  world.load("both", "env X=class\nstart on ea and eb\nexec sleep 1000\n");
  world.emit("eb", {"X=b"});
  world.emit("ea", {"X=a"});
  CHECK(world.variable("both", "X") == "b");
  CHECK(world.variable("both", "UPSTART_EVENTS") == "ea eb");
}

TEST_CASE("a half-true start on survives an edit of the file") {
  World world;
  world.load("both", "start on ea and eb\nexec sleep 1000\n");
  auto first = world.emit("ea");
  world.load("both", "start on eb and ea and ec\nexec sleep 1000\n");
  CHECK(first->empty());
  world.emit("eb");
  world.emit("ec");
  world.ready("both");
  CHECK(*first == "ok");
}

TEST_CASE("a class that goes lets go of what it held") {
  World world;
  world.load("both", "start on ea and eb\nexec sleep 1000\n");
  auto first = world.emit("ea");
  world.unload("both");
  world.run();
  CHECK(*first == "ok");
  CHECK_FALSE(world.broker.names.contains("ea"));
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

TEST_CASE("one class whose instance has no name does not hide the event from the others") {
  World world;
  world.load("a-nameless", "instance $MISSING\nstart on go\nexec sleep 1000\n");
  world.load("b", "start on go\nexec sleep 1000\n");
  auto emitted = world.emit("go");
  CHECK(world.state("b") == "start/spawned");
  world.ready("b");
  CHECK(*emitted == "ok");
}

TEST_CASE("a failed job fails its event, and a failed event follows") {
  World world;
  world.load("job", "task\nstart on go\nexec false\n");
  world.load("listener", "start on go/failed\nexec sleep 1000\n");
  auto emitted = world.emit("go");
  world.ready("job");
  world.end("job", main, exited(1));
  CHECK(*emitted == "failed");
  CHECK(world.state("listener") == "start/spawned");
}

TEST_CASE("a task stopped by a command releases its emitter as success; killed it fails it") {
  World world;
  world.load("job", "task\nstart on go\nexec sleep 9\n");
  auto stopped = world.emit("go");
  world.ready("job");
  world.stop("job");
  CHECK(*stopped == "ok");
  world.end("job", main, SIGTERM);
  auto killed = world.emit("go");
  world.ready("job");
  world.end("job", main, SIGKILL);
  CHECK(*killed == "failed");
}

TEST_CASE("a job waits in starting for those that start on it, and a failure there does not hold it back") {
  World world;
  world.load("slow", "exec sleep 1000\n");
  world.load("before", "task\nstart on starting slow\nexec sleep 1\n");
  world.start("slow");
  CHECK(world.state("slow") == "start/starting");
  world.ready("before");
  world.end("before", main, exited(1));
  CHECK(world.state("slow") == "start/spawned");
}

TEST_CASE("descriptors of the events reach the job") {
  World world;
  world.load("svc", "start on socket\nexec sleep 1000\n");
  world.emit("socket", {}, {std::make_shared<upstart::protocol::FileDescriptor>()});
  CHECK(world.processes.of("svc").running.at(main).files == 1);
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
  world.jobs.apply({{"rc", World::parse("rc", "start on runlevel 5\nexec /etc/rc.d/rc 5\n", Dialect::event_d)}});
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
  CHECK(world.diary.has("event starting JOB=svc INSTANCE= A=1"));
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
  world.jobs.restart(*world.jobs.find_instance("svc", ""), true, reply);
  world.run();
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

TEST_CASE("a class changed while it runs stays until its last instance has gone") {
  World world;
  world.load("svc", "description old\nexec sleep 1000\n");
  world.start("svc");
  world.ready("svc");
  world.diary.lines.clear();
  world.load("svc", "description new\nexec sleep 2000\n");
  CHECK(world.jobs.find_class("svc")->job_class()->description == "old");
  world.stop("svc");
  world.end("svc", main, SIGTERM);
  CHECK(world.jobs.find_class("svc")->job_class()->description == "new");
  CHECK(world.diary.place("-svc") < world.diary.place("+svc"));
  CHECK_FALSE(world.diary.has("-svc/")); // the class went, and its instance with it
}

TEST_CASE("the global table changes running jobs, a job's table only it") {
  World world;
  world.load("svc", "exec sleep 1000\npost-stop exec clean\n");
  world.start("svc");
  world.ready("svc");
  CHECK(world.jobs.set_environment({}, {"G=1"}, true));
  CHECK(world.jobs.get_environment({{{"svc", ""}}}, "G") == "1");
  CHECK(world.jobs.set_environment({{{"svc", ""}}}, {"J"}, true));
  CHECK(world.jobs.get_environment({}, "J").error().message == "No such variable: J");
  CHECK(world.jobs.get_environment({{{"svc", "x"}}}, "J").error().message == "Unknown instance: x of job svc");
  CHECK(world.jobs.set_environment({}, {"G=2"}, false));
  CHECK(world.jobs.get_environment({}, "G") == "1");
  CHECK(world.jobs.reset_environment({}));
  CHECK_FALSE(world.jobs.get_environment({}, "G"));
}

TEST_CASE("bridges hear of conditions on their event and of activity, and of nothing else") {
  World world;
  world.load("web", "start on socket PROTO=inet PORT=80\nexec sleep 1000\n");
  world.load("other", "start on something\nexec sleep 1000\n");
  CHECK(world.jobs.watch_conditions("socket").size() == 1);
  world.diary.lines.clear();
  world.start("web");
  world.start("other");
  world.load("late", "start on socket PROTO=inet PORT=81\nexec sleep 1000\n");
  CHECK(world.diary.has("active web 1"));
  CHECK_FALSE(world.diary.has("active other 1"));
  CHECK(world.diary.has("conditions socket late 1"));
  world.unload("late");
  CHECK(world.diary.has("conditions socket late 0"));
}

TEST_CASE("a stop that nothing answers is enforced by the kill timeout") {
  World world;
  world.load("svc", "kill timeout 3\nexec sleep 1000\n");
  world.start("svc");
  world.ready("svc");
  world.stop("svc");
  world.clock.advance(2900ms);
  CHECK(world.processes.of("svc").signals.size() == 1);
  world.clock.advance(200ms);
  CHECK(world.processes.of("svc").signals.back() == std::pair{main, SIGKILL});
}

TEST_CASE("the end of a session stops every job, those that start on it last, and nothing respawns") {
  World world;
  world.load("svc", "respawn\nexec sleep 1000\n");
  world.load("at-end", "task\nstart on session-end TYPE=logout\nexec bye\n");
  world.start("svc");
  world.ready("svc");
  world.jobs.end_session("logout", true);
  world.run();
  CHECK(world.state("svc") == "stop/killed");
  CHECK(world.state("at-end") == "start/spawned");
  world.end("svc", main, exited(1));
  CHECK(world.state("svc") == "gone");
  world.ready("at-end");
  CHECK_FALSE(world.diary.has("session ended"));
  world.end("at-end");
  CHECK(world.diary.has("session ended"));
}

TEST_CASE("a session does not wait for ever for a job that will not end") {
  World world;
  world.load("stuck", "kill timeout 4\nexec sleep 1000\n");
  world.start("stuck");
  world.ready("stuck");
  world.jobs.end_session("shutdown", false);
  world.run();
  world.clock.advance(4s);
  world.clock.advance(4s);
  CHECK(world.diary.has("session ended"));
}

TEST_CASE("ten thousand idle jobs cost an event nothing") {
  World world;
  std::vector<ClassChange> changes;
  for (int i = 0; i < 10'000; ++i) {
    auto name = "job" + std::to_string(i);
    changes.push_back({name, World::parse(name, "start on started other" + std::to_string(i) + "\nexec sleep 1000\n")});
  }
  world.jobs.apply(changes);
  CHECK(world.jobs.index().find("started", upstart::protocol::Environment{{"JOB=other5", "INSTANCE="}}).size() == 1);
}
