// Whole runs of initctl against an init daemon of the test's own.
#include "clients/initctl/command/command-table.hpp"
#include "clients/initctl/testing/session.hpp"
#include "protocol/bridges.hpp"
#include "protocol/job-state.hpp"

#include <doctest/doctest.h>

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

using namespace upstart::client;

namespace {

std::map<std::string, FakeJob> with_instances() { return {{"net", {.has_instances = true, .running = {"eth0"}}}}; }

} // namespace

TEST_CASE("start shows the status of the job that it started") {
  Session session;
  CHECK(session.initctl("start svc").out == "svc start/running, process 42\n");
  CHECK(session.initctl("status svc").out == "svc start/running, process 42\n");
  CHECK(session.daemon.calls() == Words{"Start"});
}

TEST_CASE("stop shows the job as stopped when the instance has gone") {
  Session session{with_instances()};
  auto ran = session.initctl("stop net NAME=eth0");
  CHECK(ran.out == "net stop/waiting\n");
  CHECK(ran.status == 0);
}

TEST_CASE("several jobs are started one after the other, and each error names its job") {
  Session session{{{"a", {}}, {"b", {.running = {""}}}, {"c", {}}, {"bad", {.fails = true}}}};
  auto ran = session.initctl("start a b c bad nosuch K=v");
  CHECK(ran.out == "a start/running, process 42\nc start/running, process 42\n");
  CHECK(ran.err == "initctl: Job is already running: b\n"
                   "initctl: bad: Job failed to start\n"
                   "initctl: `initctl explain bad' says why\n"
                   "initctl: Unknown job: nosuch\n");
  CHECK(ran.status == 1);
  CHECK(session.daemon.calls() == Words{"Start K=v", "Start K=v", "Start K=v", "Start K=v"});
  CHECK(session.json("status a c")[1]["job"] == "c");
}

TEST_CASE("a pattern stands for the jobs that the command is about") {
  Session session{{{"net", {.has_instances = true, .running = {"eth0", "wlan0"}}}, {"new", {}}, {"x", {}}}};
  CHECK(session.initctl("status n*").out ==
        "net (eth0) start/running, process 42\nnet (wlan0) start/running, process 42\nnew stop/waiting\n");
  CHECK(session.initctl("start n*").out == "new start/running, process 42\n");
  CHECK(session.initctl("restart ne?").status == 0);
  CHECK(session.daemon.calls() ==
        Words{"Start", "Instance.Restart wait", "Instance.Restart wait", "Instance.Restart wait"});
  CHECK(session.initctl("stop q*").err == "initctl: no running job matches the pattern `q*'\n");
  CHECK(session.initctl("stop n* K=v").status == 1);
}

TEST_CASE("an argument that is neither a job nor KEY=VALUE is the daemon's to refuse, as before") {
  Session session{{{"a", {}}}};
  CHECK(session.initctl("start a wbe").err == "initctl: Env must be KEY=VALUE pairs\n");
}

TEST_CASE("restart shows the status, reload nothing") {
  Session session{with_instances()};
  CHECK(session.initctl("restart net NAME=eth0").out == "net (eth0) start/running, process 42\n");
  CHECK(session.initctl("reload net NAME=eth0").out == "");
  CHECK(session.daemon.calls() == Words{"Restart NAME=eth0", "Reload eth0"});
}

TEST_CASE("no-wait is passed on") {
  Session session;
  CHECK(session.initctl("start -n svc").status == 0);
  CHECK(session.initctl("stop svc --no-wait").status == 0);
  CHECK(session.initctl("emit --no-wait go K=v").status == 0);
  CHECK(session.daemon.calls() == Words{"Start no-wait", "Stop no-wait", "EmitEvent no-wait go K=v"});
}

TEST_CASE("a start that is not waited for shows the status, of a single instance and of a named one, and its errors") {
  Session session{{{"svc", {}}, {"net", {.has_instances = true, .running = {}}}, {"bad", {.fails = true}}}};
  CHECK(session.initctl("start -n svc").out == "svc start/running, process 42\n");
  CHECK(session.initctl("start -n net NAME=a").out == "net (a) start/running, process 42\n");
  CHECK(session.initctl("start -n svc").err == "initctl: Job is already running: svc\n");
  CHECK(session.initctl("start -n bad").err ==
        "initctl: Job failed to start\ninitctl: `initctl explain bad' says why\n");
  CHECK(session.initctl("start -n nosuch").err == "initctl: Unknown job: nosuch\n");
}

TEST_CASE("the daemon's errors are shown in its own words, with exit status 1") {
  Session session{{{"svc", {.running = {""}}}, {"bad", {.fails = true}}, {"inst", {.has_instances = true}}}};
  CHECK(session.initctl("start nosuch").err == "initctl: Unknown job: nosuch\n");
  CHECK(session.initctl("start svc").err == "initctl: Job is already running: svc\n");
  CHECK(session.initctl("start bad").err == "initctl: Job failed to start\ninitctl: `initctl explain bad' says why\n");
  CHECK(session.initctl("start bad K").err == "initctl: Env must be KEY=VALUE pairs\n");
  CHECK(session.initctl("stop bad").err == "initctl: Unknown instance: \n");
  CHECK(session.initctl("status inst").err == "initctl: Unknown parameter: NAME\n");
  CHECK(session.initctl("status inst NAME=a").err == "initctl: Unknown instance: a\n");
  CHECK(session.initctl("emit failing").err ==
        "initctl: Event failed\ninitctl: `initctl history' shows which jobs it started and stopped\n");
  CHECK(session.initctl("emit failing").status == 1);
}

TEST_CASE("an instance that is not there is answered with those that are, or with how to start the job") {
  upstart::protocol::JobState off{.name = "off"}, named{.name = "named", .instance_needs = {"N"}}, some{.name = "some"};
  some.instances = {{.name = "a"}, {.name = "b"}};
  Session session{{{"off", {.state = to_json(off)}},
                   {"named", {.has_instances = true, .state = to_json(named)}},
                   {"some", {.has_instances = true, .running = {"a", "b"}, .state = to_json(some)}}}};
  for (const char* command : {"stop off", "restart off", "reload off"})
    CHECK(session.initctl(command).err ==
          "initctl: Unknown instance: \ninitctl: off is not running; `initctl start off' starts it\n");
  CHECK(session.initctl("stop named NAME=x").err.ends_with("`initctl start named N=...' starts it\n"));
  CHECK(session.initctl("status some NAME=x").err == "initctl: Unknown instance: x\n"); // an answer, without advice
  CHECK(session.initctl("stop some NAME=x").err ==
        "initctl: Unknown instance: x\ninitctl: the instances of some are `a', `b'\n");
}

TEST_CASE("a job without instance is stopped") { CHECK(Session{}.initctl("status svc").out == "svc stop/waiting\n"); }

TEST_CASE("list is sorted by name, has a line for every instance, and passes over what has gone meanwhile") {
  Session session{
      {{"b", {}}, {"net", {.has_instances = true, .running = {"wlan0", "eth0"}}}, {"a", {.running = {""}}}}};
  CHECK(session.initctl("list").out == "a start/running, process 42\n"
                                       "b stop/waiting\n"
                                       "net (eth0) start/running, process 42\n"
                                       "net (wlan0) start/running, process 42\n");
}

TEST_CASE("on a terminal list is a table, coloured unless that is not wanted") {
  Session session{{{"bad", {.failure = "main process terminated with status 3"}}, {"web", {.running = {""}}}}};
  session.variables = {{terminal_width_variable, "120"}, {"TERM", "xterm"}};
  auto out = session.initctl("list").out;
  CHECK(out.starts_with("JOB STATE   SINCE"));
  CHECK(out.contains("\033[31mfailed"));
  CHECK(out.contains("main process terminated with status 3"));
  CHECK(out.ends_with("\n2 jobs: 1 running, 1 failed\n"));
  session.variables["NO_COLOR"] = "1";
  CHECK_FALSE(session.initctl("list").out.contains("\033"));
  session.variables["TERM"] = "dumb";
  session.variables.erase("NO_COLOR");
  CHECK_FALSE(session.initctl("list").out.contains("\033"));
}

TEST_CASE("names of instances do not act on a terminal; a pipe gets them as they are") {
  Session session{{{"net", {.has_instances = true, .running = {"x\x1b[31mred"}}}}};
  CHECK(session.initctl("list").out == "net (x\x1b[31mred) start/running, process 42\n");
  CHECK(session.run({"initctl", "status", "net", "NAME=x\x1b[31mred"}).out ==
        "net (x\x1b[31mred) start/running, process 42\n");
  session.variables = {{terminal_width_variable, "120"}};
  CHECK(session.run({"initctl", "status", "net", "NAME=x\x1b[31mred"}).out ==
        "net (x\\x1b[31mred) start/running, process 42\n");
  CHECK(session.run({"initctl", "status", "net", "NAME=x\x7f"}).err == "initctl: Unknown instance: x\\x7f\n");
  session.variables = {};
  CHECK(session.run({"initctl", "status", "net", "NAME=x\x7f"}).err == "initctl: Unknown instance: x\x7f\n");
}

TEST_CASE("jobs are chosen for pipes, too, as lines and as a plain table") {
  Session session{{{"bad", {.failure = "no"}}, {"web", {.running = {""}}}, {"wait", {}}}};
  CHECK(session.initctl("list --failed").out == "bad stop/waiting\n");
  CHECK(session.initctl("list --running --failed").out == "bad stop/waiting\nweb start/running, process 42\n");
  CHECK(session.initctl("list w*").out == "wait stop/waiting\nweb start/running, process 42\n");
  CHECK(session.initctl("list --columns job,state --sort -job").out ==
        "JOB  STATE\nweb  running\nwait waiting\nbad  failed\n");
  CHECK(session.initctl("list nosuch*").err == "initctl: no job matches `nosuch*'\n");
  CHECK(session.initctl("list --columns size").status == 1);
  CHECK(session.json("list --failed")[0]["failure"] == "no");
}

TEST_CASE("failures are forgotten of some jobs, or of all") {
  Session session{{{"a", {}}, {"b", {}}}};
  CHECK(session.initctl("reset-failed a b").status == 0);
  CHECK(session.initctl("reset-failed").status == 0);
  CHECK(session.initctl("reset-failed nosuch").err == "initctl: Unknown job: nosuch\n");
  CHECK(session.daemon.calls() == Words{"ResetFailed a", "ResetFailed b", "ResetFailed "});
}

TEST_CASE("list asks for more jobs than may be asked for at a time") {
  std::map<std::string, FakeJob> jobs;
  for (int i = 0; i < 300; ++i) jobs["job" + std::to_string(i)] = {.running = {""}};
  auto out = Session{std::move(jobs)}.initctl("list").out;
  CHECK(std::ranges::count(out, '\n') == 300);
}

TEST_CASE("called by the name of a link the program is that command, and says so in its errors") {
  Session session;
  CHECK(session.run({"/sbin/start", "svc"}).out == "svc start/running, process 42\n");
  CHECK(session.run({"stop", "svc", "K"}).err == "stop: Env must be KEY=VALUE pairs\n");
  CHECK(session.run({"stop"}).err == "stop: missing job name\nTry `stop --help' for more information.\n");
}

TEST_CASE("inside a job's own process a command without a job acts on that job and does not wait") {
  Session session{with_instances()};
  session.variables = {{"UPSTART_JOB", "net"}, {"UPSTART_INSTANCE", "eth0"}};
  CHECK(session.initctl("status").out == "net (eth0) start/running, process 42\n");
  CHECK(session.initctl("restart").out == "net (eth0) start/running, process 42\n");
  session.initctl("stop");
  session.initctl("reload");
  CHECK(session.daemon.calls() == Words{"Instance.Restart no-wait", "Instance.Stop no-wait", "Reload eth0"});
}

TEST_CASE("quiet prints nothing but errors") {
  Session session;
  CHECK(session.initctl("-q start svc").out == "");
  CHECK(session.initctl("list --quiet").out == "");
  CHECK(session.initctl("-q start svc").err != "");
}

TEST_CASE("environment commands are about the global table outside a job and with --global, else about the job's") {
  Session session;
  CHECK(session.initctl("set-env X").status == 0);
  CHECK(session.initctl("set-env -r A=1").status == 0);
  CHECK(session.initctl("set-env A=1 B").status == 0);
  CHECK(session.initctl("unset-env A").status == 0);
  session.variables = {{"UPSTART_JOB", "svc"}, {"UPSTART_INSTANCE", ""}};
  CHECK(session.initctl("reset-env").status == 0);
  CHECK(session.initctl("reset-env -g").status == 0);
  CHECK(session.daemon.calls() ==
        Words{"SetEnv", "X=", "SetEnv retain", "A=1", "SetEnvList A=1 B=", "UnsetEnv A", "ResetEnv svc ", "ResetEnv"});
}

TEST_CASE("list-env is sorted, get-env shows the value alone") {
  Session session;
  CHECK(session.initctl("list-env").out == "A=1\nB=2\n");
  CHECK(session.initctl("get-env A").out == "1\n");
  CHECK(session.initctl("get-env NO").err == "initctl: No such variable: NO\n");
}

TEST_CASE("get-env of a variable that is not there names one that is like it") {
  Session session;
  auto ran = session.initctl("get-env a");
  CHECK(ran.err == "initctl: No such variable: a\ninitctl: did you mean `A`?\n");
  CHECK(ran.status == 1);
}

TEST_CASE("daemon commands") {
  Session session;
  CHECK(session.initctl("version").out == "init (upstart 0)\n");
  CHECK(session.initctl("log-priority debug").out == "");
  CHECK(session.initctl("log-priority").out == "debug\n");
  CHECK(session.initctl("log-priority bogus").err == "initctl: The log priority given was not recognised\n");
  CHECK(session.initctl("reload-configuration").status == 0);
  CHECK(session.initctl("notify-disk-writeable").status == 0);
  CHECK(session.initctl("notify-dbus-address unix:path=/x").status == 0);
  CHECK(session.daemon.calls() ==
        Words{"ReloadConfiguration", "NotifyDiskWriteable", "NotifyDBusAddress unix:path=/x"});
}

TEST_CASE("usage shows the usage stanza, without one how the job is started") {
  Session session{{{"a", {.usage = "a FOO=x"}}, {"b", {}}}};
  CHECK(session.initctl("usage a").out == "Usage: a FOO=x\n");
  CHECK(session.initctl("usage b").out == "Usage: start b\n");
}

TEST_CASE("show-config --source prints classes as job files") {
  Session session{{{"a", {}}, {"b", {}}}};
  CHECK(session.initctl("show-config --source a").out == "# the class a\n");
  CHECK(session.initctl("show-config --source").out == "# a\n# the class a\n\n# b\n# the class b\n\n");
  CHECK(session.json("show-config --source b")[0]["source"] == "# the class b\n");
}

TEST_CASE("show-config writes conditions with all parentheses, or enumerates their events") {
  Session session{{{"a",
                    {.start_on = {{"x", "K=v"}, {"started", "b", "L=w"}, {"/AND"}},
                     .stop_on = {{"stopping", "JOB=b"}},
                     .emits = {"e"}}},
                   {"b", {}}}};
  CHECK(session.initctl("show-config").out ==
        "a\n  emits e\n  start on (x K=v and started b L=w)\n  stop on stopping JOB=b\nb\n");
  CHECK(session.initctl("show-config -e a").out ==
        "a\n  emits e\n  start on x (job:, env: K=v)\n  start on started (job: b, env: L=w)\n"
        "  stop on stopping (job: b, env: JOB=b)\n");
}

TEST_CASE("check-config reports what can never come, and fails if there is such a thing") {
  Session session{
      {{"a", {.start_on = {{"started", "nojob"}, {"noevent"}, {"/AND"}}, .stop_on = {{"made-x"}, {"other"}, {"/OR"}}}},
       {"b", {.start_on = {{"started", "a"}}, .emits = {"made-*"}}}}};
  auto ran = session.initctl("check-config");
  CHECK(ran.out == "a\n  start on: unknown event noevent\n  start on: unknown job nojob\n");
  CHECK(ran.status == 1);
  CHECK(session.initctl("check-config b").status == 0);
  CHECK(session.initctl("check-config -w a").out.ends_with("  stop on: unknown event other\n"));
  CHECK(session.initctl("check-config -i noevent a").out == "a\n  start on: unknown job nojob\n");
  CHECK(session.initctl("check-config nosuch").err == "initctl: Invalid job class: nosuch\n");
}

TEST_CASE("JSON has a documented shape") {
  Session session{{{"net", {.start_on = {{"a"}, {"b", "K=v"}, {"/AND"}}, .has_instances = true, .running = {"eth0"}}},
                   {"off", {}}}};
  CHECK(session.json("list") == nlohmann::json::parse(R"([
    {"job": "net", "instance": "eth0", "goal": "start", "state": "running", "processes": [{"name": "main", "pid": 42}]},
    {"job": "off", "instance": null, "goal": "stop", "state": "waiting", "processes": []}])"));
  CHECK(session.json("status off")["state"] == "waiting");
  CHECK(session.json("version") == nlohmann::json{{"version", "init (upstart 0)"}});
  CHECK(session.json("list-env") == nlohmann::json{{"A", "1"}, {"B", "2"}});
  CHECK(session.json("get-env A") == nlohmann::json{{"name", "A"}, {"value", "1"}});
  CHECK(session.json("show-config net")[0]["start_on"] ==
        nlohmann::json::parse(R"({"and": [{"event": "a", "arguments": []}, {"event": "b", "arguments": ["K=v"]}]})"));
  CHECK(session.json("show-config off")[0]["start_on"] == nullptr);
  CHECK(session.json("check-config net")[0] ==
        nlohmann::json::parse(R"({"job": "net", "stanza": "start on", "unknown": "event", "name": "b"})"));
}

TEST_CASE("graph draws jobs, events and what joins them") {
  Session session{{{"a", {.start_on = {{"x", "K=v"}}, .stop_on = {{"stopping", "b"}}, .emits = {"e\"q"}}}, {"b", {}}}};
  auto dot = session.initctl("graph").out;
  CHECK(dot.contains("  \"event x\" -> \"job a\" [color=forestgreen label=\"K=v\"];\n"));
  CHECK(dot.contains("  \"job b\" -> \"job a\" [color=firebrick style=dashed label=\"stopping\"];\n"));
  CHECK(dot.contains("  \"job a\" -> \"event e\\\"q\" [color=gray40 style=dotted label=\"\"];\n"));
  CHECK_FALSE(session.initctl("graph b").out.contains("event x"));
  CHECK(session.json("graph")["edges"].size() == 3);
  CHECK(session.initctl("graph nosuch").err == "initctl: Unknown job: nosuch\n");
}

TEST_CASE("simulate asks the daemon and says the steps in words") {
  Session session;
  CHECK(session.initctl("simulate go K=v").out ==
        "event go K=v\nsvc: to be started\n=> event go is not finished: whoever waits for it goes on waiting\n");
  CHECK(session.json("simulate go").size() == 4);
  CHECK(session.daemon.calls() == Words{"Simulate go K=v", "Simulate go"});
}

TEST_CASE("an argument of emit and simulate without a key is named, and what is to be written") {
  Session session;
  std::string said =
      "initctl: Env must be KEY=VALUE pairs\ninitctl: `bar' has no key: a variable of the event is written "
      "KEY=VALUE, such as NAME=bar\n";
  CHECK(session.initctl("emit foo A=1 bar").err == said);
  CHECK(session.initctl("simulate foo bar").err == said);
  CHECK(session.initctl("simulate foo =x").err.ends_with("`=x' has no key: write KEY=x\n"));
  CHECK(session.initctl("emit foo bar").status == 1);
}

TEST_CASE("simulate refuses a directory that is not there") {
  Session session;
  auto ran = session.initctl("simulate --confdir /no/such go");
  CHECK(ran.err == "initctl: Unable to read /no/such: No such file or directory\n");
  CHECK(ran.status == 1);
  CHECK(session.initctl("simulate --confdir /dev/null go").err ==
        "initctl: Unable to read /dev/null: Not a directory\n");
}

TEST_CASE("list-sessions lists those where somebody listens, not those whose process number somebody else has now") {
  std::string directory = std::filesystem::temp_directory_path() / "initctl-test.XXXXXX";
  REQUIRE(::mkdtemp(directory.data()));
  auto sessions = std::filesystem::path{directory} / "upstart" / "sessions";
  std::filesystem::create_directories(sessions);
  Session session;
  auto own = std::to_string(::getpid()), parent = std::to_string(::getppid());
  std::ofstream{sessions / (own + ".session")} << "UPSTART_SESSION=" << session.daemon.address() << "\n";
  std::ofstream{sessions / (parent + ".session")} << "UPSTART_SESSION=unix:abstract=/upstart-fake/nobody\n";
  std::ofstream{sessions / "0.session"} << "UPSTART_SESSION=" << session.daemon.address() << "\n";
  session.variables = {{"XDG_RUNTIME_DIR", directory}};
  CHECK(session.initctl("list-sessions").out == own + " " + session.daemon.address() + "\n");
  std::filesystem::remove_all(directory);
}

TEST_CASE("list-sessions says that it does not know where sessions are, where no directory for them is named") {
  Session session;
  session.variables = {};
  auto listed = session.initctl("list-sessions");
  CHECK(listed.status == 1);
  CHECK(listed.err == "initctl: Unable to query session directory\n"
                      "initctl: XDG_RUNTIME_DIR is not set: below it are the sessions of its user\n");
}

TEST_CASE("explain refuses a state of another version, and of an init that tells none, and says what to do") {
  Session session{{{"svc", {.state = R"({"state_version": 99})"}}, {"odd", {.state = "{"}}, {"old", {}}}};
  CHECK(
      session.initctl("explain svc").err ==
      "initctl: this initctl speaks version 3 of the job state, init speaks version 99: they are of different releases "
      "of Upstart. Use the initctl that belongs to the running init, or restart init.\n");
  CHECK(session.initctl("explain old").err ==
        "initctl: this initctl speaks version 3 of the job state, init is older and speaks none: they are of different "
        "releases of Upstart. Use the initctl that belongs to the running init, or restart init.\n");
  CHECK(session.initctl("explain odd").err.starts_with("initctl: init tells the state of a job in a form that cannot"));
}

TEST_CASE("explain of a job that is not there names one that is like it") {
  Session session{{{"network", {}}}};
  CHECK(session.initctl("explain netwrok").err.starts_with("initctl: Unknown job: netwrok: did you mean `network`?"));
}

TEST_CASE("a name that is known to be mistaken is answered with what may be meant, on a line of its own") {
  Session session{{{"svc", {}}}};
  CHECK(session.initctl("start shiny").err == "initctl: Unknown job: shiny\ninitctl: there is a file /etc/init/shiny, "
                                              "but a job's file must be called NAME.conf\n");
}

TEST_CASE("bridges lists those that are attached, and those that are not running") {
  Session with_bridge{{{"web", {}}}};
  CHECK(with_bridge.initctl("bridges").out.starts_with(
      "socket-bridge serving, process 7, com.ubuntu.Upstart.SocketBridge\n\tevents: socket; 1 job waits for them\n"
      "file-bridge not running\n\tevents: file\n"));
  CHECK(with_bridge.json("bridges")[0] ==
        nlohmann::json::parse(R"({"name": "socket-bridge", "state": "serving", "pid": 7,
    "bus_name": "com.ubuntu.Upstart.SocketBridge", "events": ["socket"], "jobs": 1, "watches": []})"));
  Session without;
  CHECK(without.initctl("bridges").out.starts_with("socket-bridge not running\n\tevents: socket\n"));
  CHECK(without.json("bridges").size() == upstart::protocol::bridges.size());
  CHECK(without.json("bridges")[1] == nlohmann::json::parse(R"({"name": "file-bridge", "state": "not running",
    "pid": null, "bus_name": "", "events": ["file"], "jobs": null, "watches": []})"));
}

TEST_CASE("timers says that no job asks for one, where no timer bridge runs") {
  Session session{{{"web", {}}}};
  CHECK(session.initctl("timers").out == "No loaded job asks for a timer.\n");
  CHECK(session.json("timers").empty());
}

TEST_CASE("as JSON help and version are JSON too") {
  Session session;
  auto list = session.json("help");
  CHECK(list["commands"].size() == all_commands().size());
  CHECK(list["commands"][0]["command"] == "start");
  auto start = session.json("help start");
  CHECK(start["command"] == "start");
  CHECK(start["synopsis"] == "JOB [KEY=VALUE]...");
  CHECK(
      start["options"][0] ==
      nlohmann::json::parse(
          R"({"flags": ["-n", "--no-wait"], "value": null, "help": "return at once, without waiting for the job to get there"})"));
  CHECK(session.json("start --help") == start);
  CHECK(session.json("--help")["options"].size() == common_options().size());
  CHECK(session.json("--version")["program"] == "initctl");
  CHECK(session.json("--version")["version"].is_string());
}

TEST_CASE("an argument that is no UTF-8 is refused in words") {
  CHECK(Session{}.initctl("emit go A=\xe9").err ==
        "initctl: an argument is not UTF-8 text, which is all that D-Bus carries\n");
}

TEST_CASE("a command refuses more arguments than it takes") {
  Session session;
  CHECK(session.initctl("version extra").err ==
        "initctl: unexpected argument: extra\nTry `initctl --help' for more information.\n");
  CHECK(session.initctl("version extra").status == 1);
  CHECK(session.initctl("reset-env x").err.starts_with("initctl: unexpected argument: x\n"));
  CHECK(session.initctl("explain svc i1").err.starts_with("initctl: unexpected argument: i1\n"));
  CHECK(session.initctl("log svc i1 i2").err.starts_with("initctl: unexpected argument: i2\n"));
  CHECK(session.run({"/sbin/status", "svc", "A=1"}).status == 0);
  CHECK(session.daemon.calls() == Words{});
}

TEST_CASE("a name of the init daemon that is no name of the bus is refused") {
  Session session;
  for (const char* name : {"bad/name", "nodots"}) {
    auto ran = run_initctl({"initctl", "--system", std::string{"--dest="} + name, "version"},
                           {{"DBUS_SYSTEM_BUS_ADDRESS", session.daemon.address()}});
    CHECK(ran.err ==
          std::string{"initctl: invalid name of an init daemon: `"} + name + "'; it is one like com.ubuntu.Upstart\n");
    CHECK(ran.status == 1);
  }
}

TEST_CASE("where no init is on a bus, or no session is named, it is said how a session is reached") {
  constexpr const char* way =
      "\ninitctl: the init of a session is reached with its address in UPSTART_SESSION; `initctl "
      "list-sessions' shows addresses\n";
  const Variables bus{{"DBUS_SESSION_BUS_ADDRESS", "unix:path=/no/bus"}, {"DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/no"}};
  CHECK(run_initctl({"initctl", "--session", "list"}, bus).err.ends_with(way));
  CHECK(run_initctl({"initctl", "--session", "list"}, {}).err.ends_with(way));
  CHECK(run_initctl({"initctl", "--system", "list"}, bus).err.ends_with(way));
  CHECK(run_initctl({"initctl", "--user", "list"}, {}).err.ends_with(way));
}

TEST_CASE("a daemon that is not there, or goes away during a call, is told of") {
  auto nobody = run_initctl({"initctl", "list"}, {{"UPSTART_SESSION", "unix:abstract=/upstart-fake/nobody"}});
  CHECK(
      nobody.err ==
      "initctl: Unable to connect to Upstart: Failed to connect to socket /upstart-fake/nobody: Connection refused\n");
  CHECK(nobody.status == 1);
  Session original;
  original.daemon.knows_no_tokens();
  auto lost = original.initctl("emit vanish");
  CHECK(lost.err == "initctl: Upstart went away before it answered. Whether the command took effect is not known.\n");
  CHECK(lost.status == 1);
}

TEST_CASE("a word that is misspelt is answered with what is meant") {
  upstart::protocol::JobState instance{.name = "inst", .file = "/x/inst.conf", .instance_needs = {"NAME"}};
  upstart::protocol::JobState web{.name = "web", .file = "/x/web.conf"};
  Session session{{{"inst", {.has_instances = true, .state = upstart::protocol::to_json(instance)}},
                   {"web", {.state = upstart::protocol::to_json(web)}}}};
  CHECK(session.initctl("usage inst").out == "Usage: start inst NAME=...\n");
  CHECK(session.initctl("start inst name=1").err ==
        "initctl: Unknown parameter: NAME\ninitctl: inst wants NAME=...: did you mean `NAME=1`?\n");
  CHECK(session.initctl("start inst").err.ends_with("initctl: inst wants NAME=...\n"));
  CHECK(session.initctl("check-config shiny").err.contains("there is a file /etc/init/shiny"));
  CHECK(session.initctl("graph shiny").err.contains("there is a file /etc/init/shiny"));
  CHECK(session.initctl("list shiny").err.contains("there is a file /etc/init/shiny"));
  CHECK(session.initctl("bridges --start socke").err.contains("did you mean `socket-bridge`?"));
}
