#include "daemons/job-supervisor/jobs/test-world.hpp"

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
  CHECK(world.recorder.lines ==
        std::vector<std::string>{"+svc", "+svc/", "svc !start", "svc starting", "svc security-spawning", "svc security",
                                 "svc pre-starting", "svc pre-start", "svc spawning", "svc spawned",
                                 "event starting JOB=svc INSTANCE=", "svc post-starting", "svc post-start",
                                 "svc running", "event started JOB=svc INSTANCE="});
  world.recorder.lines.clear();
  world.stop("svc");
  world.end("svc", main, SIGTERM);
  CHECK(world.recorder.lines ==
        std::vector<std::string>{"svc !stop", "svc pre-stopping", "svc pre-stop", "svc stopping", "svc killed",
                                 "event stopping JOB=svc INSTANCE= RESULT=ok", "svc post-stopping", "svc post-stop",
                                 "svc waiting", "-svc/", "event stopped JOB=svc INSTANCE= RESULT=ok"});
}

TEST_CASE("commands that cannot be executed are refused by name") {
  World world;
  world.load("svc", "exec sleep 1000\n");
  world.load("inst", "instance $NAME\nusage \"NAME=x\"\nexec sleep 1000\n");
  CHECK(world.stop("svc")->text() == "UnknownInstance: Unknown instance: ");
  CHECK(world.start("svc", {"bad"})->text() == "InvalidArgs: Env must be KEY=VALUE pairs");
  CHECK(world.start("inst")->text() == "InvalidArgs: Unknown parameter: NAME\nUsage: NAME=x");
  CHECK(world.stop("inst")->text() == "InvalidArgs: Unknown parameter: NAME"); // only a start tells the usage
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
  CHECK(world.recorder.has("event stopped JOB=svc INSTANCE= RESULT=failed PROCESS=pre-start EXIT_STATUS=2"));

  world.start("svc");
  world.end("svc", pre_start);
  world.ready("svc");
  auto stopped = world.stop("svc");
  world.end("svc", main, SIGTERM);
  world.end("svc", post_stop, exited(5));
  CHECK(stopped->text() == "JobFailed: Job failed while stopping");
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
  CHECK(world.recorder.lines.back() == "event nobody A=1");
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

TEST_CASE("a class that goes releases what it held") {
  World world;
  world.load("both", "start on ea and eb\nexec sleep 1000\n");
  auto first = world.emit("ea");
  world.unload("both");
  world.run();
  CHECK(*first == "ok");
  CHECK_FALSE(world.broker.names.contains("ea"));
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
  world.emit("socket", {}, {std::make_shared<upstart::base::FileDescriptor>()});
  CHECK(world.processes.of("svc").running.at(main).files == 1);
}

TEST_CASE("a class changed while it runs stays until its last instance has gone") {
  World world;
  world.load("svc", "description old\nexec sleep 1000\n");
  world.start("svc");
  world.ready("svc");
  world.recorder.lines.clear();
  world.load("svc", "description new\nexec sleep 2000\n");
  CHECK(world.jobs.classes().find("svc")->job_class()->description == "old");
  world.stop("svc");
  world.end("svc", main, SIGTERM);
  CHECK(world.jobs.classes().find("svc")->job_class()->description == "new");
  CHECK(world.recorder.place("-svc") < world.recorder.place("+svc"));
  CHECK_FALSE(world.recorder.has("-svc/")); // the class went, and its instance with it
}

TEST_CASE("bridges hear of conditions on their event and of activity, and of nothing else") {
  World world;
  world.load("web", "start on socket PROTO=inet PORT=80\nexec sleep 1000\n");
  world.load("other", "start on something\nexec sleep 1000\n");
  CHECK(world.jobs.conditions().watch("socket").size() == 1);
  world.recorder.lines.clear();
  world.start("web");
  world.start("other");
  world.load("late", "start on socket PROTO=inet PORT=81\nexec sleep 1000\n");
  CHECK(world.recorder.has("active web 1"));
  CHECK_FALSE(world.recorder.has("active other 1"));
  CHECK(world.recorder.has("conditions socket late 1"));
  world.unload("late");
  CHECK(world.recorder.has("conditions socket late 0"));
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

TEST_CASE("ten thousand idle jobs cost an event nothing") {
  World world;
  std::vector<ClassChange> changes;
  for (int i = 0; i < 10'000; ++i) {
    auto name = "job" + std::to_string(i);
    changes.push_back({name, World::parse(name, "start on started other" + std::to_string(i) + "\nexec sleep 1000\n")});
  }
  world.jobs.apply(changes);
  CHECK(world.jobs.core().index.find("started", upstart::protocol::Environment{{"JOB=other5", "INSTANCE="}}).size() ==
        1);
}

TEST_CASE("an event that the broker gives again while a condition holds it changes nothing") {
  World world;
  world.load("both", "start on ea and eb\nexec sleep 1000\n");
  auto first = world.emit("ea");
  world.jobs.handle(world.broker.last_id, {.name = "ea"});
  world.run();
  CHECK(first->empty());
  auto second = world.emit("eb");
  world.ready("both");
  CHECK(*first == "ok");
  CHECK(*second == "ok");
}

TEST_CASE("an event that the broker gives again while a job blocks it changes nothing") {
  World world;
  world.load("svc", "start on go\nexec sleep 1000\n");
  auto emitted = world.emit("go");
  auto given = world.broker.last_id;
  for (const auto& [id, event] : world.broker.waiting)
    if (event.name == "go") given = id;
  world.jobs.handle(given, {.name = "go"});
  world.run();
  CHECK(emitted->empty());
  world.ready("svc");
  CHECK(*emitted == "ok");
}

TEST_CASE("a stop on an event that nobody wanted before misses none of the turn in which its job starts") {
  World world;
  world.load("svc", "start on tick\nstop on started\n");
  world.emit("tick");
  CHECK(world.state("svc") == "gone");
  world.load("first", "start on go\nstop on starting second\npre-start exec sleep 0.2\nexec sleep 1000\n");
  world.load("second", "start on go\nexec sleep 1000\n");
  world.emit("go");
  world.end("first", pre_start);
  CHECK(world.state("first") == "gone");
}

TEST_CASE("who only asks for the jobs that name an event leaves nothing behind") {
  World world;
  world.load("one", "start on socket\n");
  CHECK(world.jobs.conditions().jobs_naming("socket").size() == 1);
  CHECK(world.jobs.conditions().jobs_naming("nosuch").empty());
  CHECK(world.jobs.conditions().jobs_naming("s*t").size() == 1);
  CHECK(world.jobs.conditions().watched_events().empty());
  CHECK(world.jobs.conditions().watch("socket").size() == 1);
  CHECK(world.jobs.conditions().watched_events().size() == 1);
}

namespace {
struct SlowJobs : World {
  SlowJobs() {
    for (const char* name : {"one", "two", "three"}) load(name, "start on go\nexec a\n");
    load("late", "exec a\n");
    come_back();
    let_turns_end();
  }
  void come_back() {
    std::destroy_at(&jobs);
    memory.die();
    std::construct_at(&jobs, ports(), options(true));
    std::vector<ClassChange> classes;
    for (const auto& [name, job_class] : files) classes.push_back({name, job_class});
    jobs.restore(memory.records, classes, {});
  }
};

// Three jobs are to start by one event, and the first of them has just been started.
struct SlowWorld : SlowJobs {
  SlowWorld() {
    jobs.emit({.name = "go"}, {}, Asker{[](const Outcome&) {}});
    while (broker.queue.empty()) REQUIRE(clock.do_later());
    run_next();
    CHECK(state("three") == "start/spawned");
    CHECK(processes.spawned == 0);
    while (processes.spawned == 0) REQUIRE(clock.do_later());
  }
};
} // namespace

TEST_CASE("a turn that takes long goes on when others had theirs, and what they want comes behind") {
  SlowWorld world;
  world.jobs.commands().start(*world.jobs.classes().find("late"), {}, false, Asker{[](const Outcome&) {}});
  CHECK(world.processes.spawned == 1);
  world.let_turns_end();
  CHECK(world.processes.spawned == 4);
  CHECK(world.processes.of("late").running.at(ProcessKind::main).pid == world.processes.last_pid);
}

TEST_CASE("a job may be stopped before the turn that starts it has come to it") {
  SlowWorld world;
  world.jobs.commands().stop(*world.jobs.classes().find("three"), {}, false, Asker{[](const Outcome&) {}});
  world.let_turns_end();
  REQUIRE(world.processes.of("three").running.contains(ProcessKind::main));
  world.ready("three");
  CHECK(world.processes.of("three").signals.size() == 1);
  world.end("three");
  CHECK(world.state("three") == "gone");
}

TEST_CASE("what was still to be done when the supervisor died in the middle of a turn is done by the next") {
  SlowWorld world;
  world.die_and_come_back();
  world.run();
  for (const char* name : {"one", "two", "three"}) CHECK(world.processes.of(name).running.contains(ProcessKind::main));
  CHECK(world.processes.spawned == 3);
}

TEST_CASE("the broker knows at once what is wanted, and all that is owed to it when the supervisor comes back") {
  SlowWorld world;
  auto emitted = world.broker.outcomes.size();
  world.jobs.apply({{"new", World::parse("new", "start on later\nexec a\n")}});
  CHECK(world.broker.names.contains("later"));
  world.jobs.emit({.name = "go"}, {}, Asker{[](const Outcome&) {}});
  CHECK(world.broker.outcomes.size() == emitted); // it comes behind the two jobs that are to start
  world.come_back();
  CHECK(world.broker.outcomes.size() == emitted + 1);
}
