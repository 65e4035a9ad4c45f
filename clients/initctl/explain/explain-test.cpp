#include "clients/initctl/explain/condition-inquiry.hpp"
#include "clients/initctl/explain/explain.hpp"
#include "clients/initctl/explain/one-instance.hpp"
#include "clients/initctl/explain/unknown-job.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <ranges>
#include <string_view>

using namespace upstart::client;
using upstart::protocol::ConditionNode;
using upstart::protocol::EventReference;
using upstart::protocol::InstanceState;
using upstart::protocol::JobState;
using Words = std::vector<std::string>;

namespace {

const Words all_of{"/AND"};
const WallTime noon{std::chrono::hours{500'000}};

PastEvent past(std::uint64_t id, const std::string& name, Words environment = {},
               std::vector<upstart::protocol::JobAction> done = {}, const std::string& outcome = "ok") {
  return {.id = id,
          .name = name,
          .environment = std::move(environment),
          .time = noon,
          .uid = 0,
          .pid = 77,
          .handlers = {"job-supervisor"},
          .done = std::move(done),
          .outcome = outcome};
}

ConditionNode unseen(Words words) { return {.words = std::move(words)}; }
ConditionNode seen(Words words, std::uint64_t id) {
  return {.words = words, .held = EventReference{id, words.front(), {}}};
}

JobState stopped_job(const std::string& name, std::vector<ConditionNode> start_on) {
  return {.name = name, .file = "/etc/init/" + name + ".conf", .start_on = std::move(start_on)};
}

InstanceState instance_in(const std::string& goal, const std::string& state,
                          std::vector<EventReference> blocking = {}) {
  return {.goal = goal, .state = state, .environment = {"UPSTART_EVENTS=a b"}, .blocking = std::move(blocking)};
}

JobState job_in(const std::string& name, const std::string& goal, const std::string& state,
                std::vector<EventReference> blocking = {}) {
  return {.name = name, .instances = {instance_in(goal, state, std::move(blocking))}};
}

// A system of jobs and events; the first job is the one that is asked about.
struct System {
  std::vector<JobState> jobs;
  std::vector<PastEvent> history = {};
  Words emitted = {};
  std::map<std::uint64_t, std::vector<EventHolder>> holders = {};
  std::vector<KnownBridge> bridges = {};

  [[nodiscard]] Explanation explained() const {
    Words names;
    for (const auto& job : jobs) names.push_back(job.name);
    std::vector<JobState> others{jobs.begin() + 1, jobs.end()};
    return explain(jobs.front(), {history, PossibleEvents{names, emitted}, others, holders, bridges});
  }
};

} // namespace

TEST_CASE("a job that waits for two events of which one was seen says which, since when, and what that holds up") {
  System system{{stopped_job("web", {seen({"go"}, 5), unseen({"net"}), unseen(all_of)})},
                {past(5, "go", {"K=v"})},
                {"go", "net"}};
  auto explanation = system.explained();
  CHECK(explanation.verdict == "web is stopped: of the 2 events that its `start on' names, 1 has been seen.");
  CHECK(explanation.start_on.written == "(go and net)");
  CHECK(explanation.start_on.events[0].seen);
  CHECK(explanation.start_on.events[0].by->environment == Words{"K=v"});
  CHECK(explanation.start_on.events[1].remark == "not seen yet");
  auto text = to_text(explanation);
  CHECK(text.contains("[x] go — seen "));
  CHECK(text.contains("[ ] net — not seen yet\n"));
  CHECK(
      text.contains("event #5 is held until the rest has come; whoever emitted it and waits (pid 77) waits for that"));
}

TEST_CASE("the words are folded to the width of the terminal") {
  System system{{stopped_job("web", {seen({"go"}, 5), unseen({"net"}), unseen(all_of)})}, {past(5, "go")}};
  auto lines = to_text(system.explained(), 60);
  CHECK(lines.contains("[ ] net"));
  for (auto line : lines | std::views::split('\n')) CHECK(std::string_view{line}.size() <= 62); // a dash is three bytes
}

TEST_CASE("an event that nobody emits, and one of a job that does not exist, can never come") {
  auto explanation =
      System{{stopped_job("web", {unseen({"ghost"}), unseen({"started", "nojob"}), unseen(all_of)})}, {}}.explained();
  CHECK(explanation.verdict == "web is stopped: its `start on' names what never comes by itself.");
  CHECK_FALSE(explanation.start_on.can_come_true);
  CHECK(explanation.start_on.events[0].remark.starts_with("nobody emits it"));
  CHECK(explanation.start_on.events[1].remark == "can never come: there is no job nojob");
}

TEST_CASE("an event that came with other variables is told with what does not match") {
  System system{{stopped_job("web", {unseen({"net", "IFACE=eth*"})})}, {past(3, "net", {"IFACE=lo"})}};
  auto remark = system.explained().start_on.events[0].remark;
  CHECK(remark.contains("(#3) as `net IFACE=lo', but IFACE=eth* does not match"));
}

TEST_CASE("an event that came and was consumed, or came too early, is told") {
  System used{{stopped_job("web", {unseen({"go"})})}, {past(3, "go", {}, {{"start", "web", ""}})}, {"go"}};
  CHECK(used.explained().start_on.events[0].remark.ends_with("(#3), and was consumed then"));
  System early{{stopped_job("web", {unseen({"go"})})}, {past(3, "go")}, {"go"}};
  CHECK(early.explained().start_on.events[0].remark.ends_with("(#3), when the job did not wait for it"));
}

TEST_CASE("an event that the job is busy with is told as such") {
  auto web = job_in("web", "start", "pre-start", {{3, "go", {}}});
  web.start_on = std::vector{unseen({"go"})};
  CHECK(System{{web}, {past(3, "go", {}, {}, "pending")}}.explained().start_on.events[0].remark.ends_with(
      "(#3): the job is acting on it now"));
}

TEST_CASE("one side of an or is enough for a condition to come true, whatever the other lacks") {
  const Words any_of{"/OR"};
  auto web =
      stopped_job("web", {unseen({"foo"}), unseen({"bar", "A=1"}), unseen({"baz"}), unseen(all_of), unseen(any_of)});
  web.instances = {instance_in("start", "starting", {{3, "foo", {}}})};
  auto explanation = System{{web}, {past(3, "foo", {}, {}, "pending")}}.explained();
  CHECK(explanation.start_on.can_come_true);
  CHECK(explanation.start_on.events[0].can_come);
  CHECK_FALSE(explanation.start_on.events[1].can_come);
  CHECK_FALSE(System{{web}, {}}.explained().start_on.can_come_true);
}

TEST_CASE(
    "a condition is shown as written, matched as it stands now, and one with a variable that is not set cannot match") {
  ConditionNode unset{.words = {"bye", "X=$NOPE$NO"}, .unset = Words{"NOPE", "NO"}};
  ConditionNode expanded{.words = {"net", "IFACE=$IF"}, .expanded = {"net", "IFACE=eth0"}};
  System system{{stopped_job("web", {unset, expanded, unseen(all_of)})},
                {past(1, "bye", {"X="}), past(2, "net", {"IFACE=lo"})},
                {"bye", "net"}};
  auto start_on = system.explained().start_on;
  CHECK(start_on.written == "(bye X=$NOPE$NO and net IFACE=$IF)");
  CHECK(start_on.events[0].event == "bye X=$NOPE$NO");
  CHECK(start_on.events[0].remark == "$NOPE and $NO are not set, so it cannot match");
  CHECK_FALSE(start_on.events[0].can_come);
  CHECK_FALSE(start_on.can_come_true);
  CHECK(start_on.events[1].event == "net IFACE=$IF");
  CHECK(start_on.events[1].remark.contains("as `net IFACE=lo', but IFACE=eth0 does not match"));
}

TEST_CASE("of another job's events those of the jobs that are not meant are no near miss, those of its own are") {
  System others{{stopped_job("web", {unseen({"started", "db"})}), stopped_job("db", {})},
                {past(3, "started", {"JOB=net", "INSTANCE="})}};
  CHECK(others.explained().start_on.events[0].remark == "not seen yet; db is stop/waiting (initctl explain db)");
  System own{{stopped_job("web", {unseen({"stopped", "JOB=db", "RESULT=failed"})}), stopped_job("db", {})},
             {past(3, "stopped", {"JOB=db", "INSTANCE=", "RESULT=ok"})}};
  CHECK(own.explained().start_on.events[0].remark.contains("but RESULT=failed does not match"));
}

TEST_CASE("of another job's events it is told where that job stands") {
  System system{{stopped_job("web", {unseen({"started", "db"})}), stopped_job("db", {})}, {}};
  CHECK(system.explained().start_on.events[0].remark == "not seen yet; db is stop/waiting (initctl explain db)");
}

TEST_CASE("a job that failed says how, and that outweighs its start on") {
  System system{{stopped_job("web", {unseen({"go"})})},
                {past(8, "stopping", {"JOB=web", "INSTANCE=", "RESULT=failed", "PROCESS=main", "EXIT_STATUS=7"}),
                 past(9, "stopped", {"JOB=web", "INSTANCE=", "RESULT=failed", "PROCESS=main", "EXIT_STATUS=7"})},
                {"go"}};
  auto explanation = system.explained();
  CHECK(explanation.verdict.starts_with("web is stopped: it failed, "));
  CHECK(explanation.last_failure->text == "its main process ended with status 7");
}

TEST_CASE("the last lines of the log cannot confuse the terminal") {
  Explanation explanation{.job = "web",
                          .file = {},
                          .verdict = "web.",
                          .start_on = {},
                          .instances = {},
                          .last_failure = {},
                          .replaced_by_newer = false,
                          .log = LogTail{"/l", {"\x1b[0;31mred\x1b[0m\r", "a\tb\x1b]0;title\a", "\x1b["}}};
  CHECK(to_text(explanation) == "web.\n\nlast lines of /l\n  | red\n  | a\tb\\x1b]0;title\\x07\n  | \n");
}

TEST_CASE("each way to fail has its own words") {
  auto text = [](Words more) {
    Words environment{"JOB=web", "INSTANCE=", "RESULT=failed"};
    environment.insert(environment.end(), more.begin(), more.end());
    return System{{stopped_job("web", {})}, {past(1, "stopped", environment)}}.explained().last_failure->text;
  };
  CHECK(text({"PROCESS=respawn"}) == "its main process ended too often: the respawn limit was reached");
  CHECK(text({"PROCESS=main", "EXIT_SIGNAL=KILL"}) == "its main process was killed by KILL");
  CHECK(text({"PROCESS=pre-start"}) == "its pre-start process could not be started; init's log says why");
  auto state = stopped_job("web", {});
  state.spawn_failure = "main process: unable to execute: No such file or directory";
  Words told{"JOB=web", "INSTANCE=", "RESULT=failed", "PROCESS=main"};
  CHECK(System{{state}, {past(1, "stopped", told)}}.explained().last_failure->text ==
        "its main process could not be started: unable to execute: No such file or directory");
}

TEST_CASE("at the respawn limit it is told how the process ended the last time") {
  auto text = [](int status) {
    auto web = stopped_job("web", {});
    web.respawn_limit_end = status;
    return System{{web}, {past(1, "stopped", {"JOB=web", "INSTANCE=", "RESULT=failed", "PROCESS=respawn"})}}
        .explained()
        .last_failure->text;
  };
  CHECK(text(3 << 8) ==
        "its main process ended too often: the respawn limit was reached; the last time it ended with status 3");
  CHECK(text(11) ==
        "its main process ended too often: the respawn limit was reached; the last time it was killed by SEGV");
}

TEST_CASE("a job that is blocked by another says by which, and the other says whom it holds up") {
  auto slow = job_in("slow", "start", "starting");
  auto blocker = job_in("blocker", "start", "pre-start", {{4, "starting", {"JOB=slow", "INSTANCE="}}});
  std::vector<PastEvent> history{past(4, "starting", {"JOB=slow", "INSTANCE="}, {{"start", "blocker", ""}}, "pending")};
  auto held_up = System{{slow, blocker}, history, {}, {{4, {{"blocker", "", "start/pre-start"}}}}}.explained();
  CHECK(held_up.verdict == "slow is on its way to running: start/starting.");
  CHECK(held_up.instances[0].waits_for == "its event `starting' to be finished");
  CHECK(held_up.instances[0].blocked_by == Words{"blocker, which is start/pre-start"});
  auto holding = System{{blocker, slow}, history}.explained();
  CHECK(holding.instances[0].blocks == Words{"event #4 starting JOB=slow INSTANCE=: slow waits"});
}

TEST_CASE("asked about one instance, explain leaves out the others, and names one that is not there") {
  auto net = job_in("net", "start", "running");
  net.instances.front().name = "eth0";
  net.instances.push_back({.name = "wlan0", .path = {}, .goal = "start", .state = "running"});
  net.records = {{.kind = "started", .instance = "eth0", .text = "started a"},
                 {.kind = "started", .instance = "wlan0", .text = "started b"}};
  std::vector<PastEvent> history{past(1, "stopped", {"JOB=net", "INSTANCE=eth0", "RESULT=failed", "PROCESS=main"}),
                                 past(2, "stopped", {"JOB=other", "INSTANCE="})};
  auto explained = [&](const char* instance) {
    auto state = net;
    Knowledge knowledge{history, PossibleEvents{{"net"}, {}}};
    keep_instance(state, instance);
    keep_instance(knowledge, "net", instance);
    auto explanation = explain(state, knowledge);
    name_instance(explanation, instance);
    return explanation;
  };
  CHECK(explained("eth0").instances.size() == 1);
  CHECK(explained("eth0").last_failure);
  CHECK(explained("eth0").records.size() == 1);
  CHECK(explained("wlan0").verdict == "net (wlan0) is running.");
  CHECK_FALSE(explained("wlan0").last_failure);
  CHECK(explained("lo").verdict.starts_with("net (lo) is stopped: "));
}

TEST_CASE("a job that pauses before it is respawned again waits for no event") {
  auto web = job_in("web", "start", "starting");
  web.records = {{.kind = "started"}, {.kind = "respawned", .times = 12}};
  auto waits_for = [&](const char* outcome) {
    std::vector<PastEvent> history{past(4, "starting", {"JOB=web", "INSTANCE="}, {}, outcome)};
    return System{{web}, history}.explained().instances[0].waits_for;
  };
  CHECK(waits_for("ok") == "the end of a pause, which init makes before it respawns a job that ends again and again");
  CHECK(waits_for("pending") == "its event `starting' to be finished");
  web.records.pop_back();
  CHECK(waits_for("ok") == "its event `starting' to be finished");
}

TEST_CASE("a stop that waits for a pre-stop process says that this has no limit, and how to get on") {
  auto web = job_in("web", "stop", "pre-stop");
  web.instances[0].processes = {{"main", 7}, {"pre-stop", 9}};
  auto waits_for = [&] { return System{{web}, {}}.explained().instances[0].waits_for; };
  CHECK(waits_for() == "its pre-stop process to end, which has no time limit; `kill 9' ends it, and the stop goes on");
  web.instances[0].goal = "start"; // it has been turned back, and that gives it one
  CHECK(waits_for() == "its pre-stop process to end");
}

TEST_CASE("a condition of another job that is half true holds a job up too") {
  System system{{job_in("slow", "start", "starting")},
                {past(4, "starting", {"JOB=slow", "INSTANCE="}, {}, "pending")},
                {},
                {{4, {{"half", "", "start on"}, {"other", "i", "stop on"}}}}};
  CHECK(system.explained().instances[0].blocked_by ==
        Words{"half, whose `start on' waits for more (initctl explain half)",
              "other (i), whose `stop on' waits for more"});
}

TEST_CASE("what must be known beforehand: the jobs that conditions name, and the events that instances wait for") {
  auto job = job_in("svc", "start", "starting");
  job.start_on =
      std::vector{unseen({"started", "db"}), unseen({"stopped", "JOB=net"}), unseen(all_of), unseen({"go", "db2"})};
  job.instances[0].stop_on = std::vector{unseen({"stopping", "db"}), unseen({"stopping", "web"})};
  CHECK(jobs_named_by(job) == Words{"db", "net", "web"});
  std::vector<PastEvent> history{past(3, "starting", {"JOB=svc", "INSTANCE="}, {}, "ok"),
                                 past(4, "starting", {"JOB=svc", "INSTANCE="}, {}, "pending"),
                                 past(5, "starting", {"JOB=other", "INSTANCE="}, {}, "pending")};
  CHECK(own_pending_events(job, history) == std::vector<std::uint64_t>{4});
  CHECK(own_pending_events(job_in("svc", "start", "running"), history).empty());
}

TEST_CASE("a running job says what started it") {
  auto web = job_in("web", "start", "running");
  auto explanation = System{{web}, {}}.explained();
  CHECK(explanation.verdict == "web is running.");
  CHECK(explanation.instances[0].cause == "by the events a b");
  web.records = {{.kind = "started", .text = "started by the events `a' and `b N=1'"},
                 {.kind = "started", .instance = "other", .text = "started by a command"}};
  CHECK(System{{web}, {}}.explained().instances[0].cause == "by the events `a' and `b N=1'");
}

TEST_CASE("what the main process says of itself and what went wrong without harm is shown") {
  auto web = stopped_job("web", {});
  web.instances.push_back(instance_in("start", "running"));
  web.instances[0].status_text = "serving 12 clients";
  web.instances[0].ignored_failures = {"post-start process terminated with status 1"};
  auto explanation = System{{web}, {}}.explained();
  auto text = to_text(explanation);
  CHECK(text.contains("  says serving 12 clients\n"));
  CHECK(text.contains("  ignored failure: post-start process terminated with status 1\n"));
  auto json = nlohmann::json(to_json(explanation));
  CHECK(json["instances"][0]["says"] == "serving 12 clients");
  CHECK(json["instances"][0]["ignored_failures"].size() == 1);
}

TEST_CASE("what init has warned of about a job's processes is shown, also when the job is stopped") {
  auto web = stopped_job("web", {});
  web.warnings = {"processes 12, 13 go on after the stop (login sessions)"};
  auto explanation = System{{web}, {}}.explained();
  CHECK(to_text(explanation).contains("\n  warning: processes 12, 13 go on after the stop (login sessions)\n"));
  CHECK(nlohmann::json(to_json(explanation))["warnings"].size() == 1);
}

TEST_CASE("a job without start on says that it needs a command") {
  CHECK(System{{stopped_job("web", {})}, {}}.explained().verdict ==
        "web is stopped: it has no `start on' (or `manual' drops it), so it starts by command only: `start web'.");
}

TEST_CASE("a job whose instances have names says which variables the command must give") {
  auto inst = stopped_job("inst", {});
  inst.instance_needs = {"N", "M"};
  CHECK(System{{inst}, {}}.explained().verdict.ends_with("so it starts by command only: `start inst N=... M=...'."));
}

TEST_CASE("a job whose file has changed, has gone or has an error now says what that leads to") {
  auto web = stopped_job("web", {});
  web.instances = {instance_in("start", "running")};
  web.replaced_by_newer = true;
  CHECK(
      to_text(System{{web}, {}}.explained())
          .contains("  its job file has changed since; the change takes effect when its last instance has stopped\n"));
  web.file_gone = true;
  auto gone = System{{web}, {}}.explained();
  CHECK(to_text(gone).contains("  its job file has been removed: once stopped it cannot be started again\n"));
  CHECK(nlohmann::json(to_json(gone))["file_gone"] == true);
  web.file_gone = false;
  web.file_broken = "/etc/init/web.conf:3: Unknown stanza";
  web.file_faults = {web.file_broken};
  auto broken = System{{web}, {}}.explained();
  CHECK(to_text(broken, 200)
            .contains("ignored for an error: /etc/init/web.conf:3: Unknown stanza\n  its job file cannot be "
                      "read as a job any more: mend "
                      "it before you stop the job, which could not be started again\n"));
  CHECK(nlohmann::json(to_json(broken))["file_broken"] == web.file_broken);
}

TEST_CASE("a job that is not there is answered with a name like it and with what may be wrong with its file") {
  auto none = [](const std::string&) { return std::string{}; };
  CHECK(unknown_job("netwrok", {{"network", "/etc/init/network.conf"}, {"web", "/etc/init/web.conf"}}, none) ==
        "Unknown job: netwrok: did you mean `network`? A file that cannot be read as a job gives none; "
        "`init-checkconf' says what is wrong with it.");
  CHECK(unknown_job(
            "broken", {{"sub/deep", "/etc/init/sub/deep.conf"}},
            [](const std::string& path) { return path == "/etc/init/broken.conf" ? "regular" : std::string{}; }) ==
        "Unknown job: broken. There is a file /etc/init/broken.conf, but it gives no job: `init-checkconf "
        "/etc/init/broken.conf' says why.");
  CHECK(unknown_job("dir", {{"web", "/etc/init/web.conf"}}, [](const std::string&) { return "is a directory"; }) ==
        "Unknown job: dir. There is /etc/init/dir.conf, but it is a directory: a job file is a regular file.");
}

TEST_CASE("what is in the place of a job file is said by its kind") {
  CHECK(kind_of_file("/no/such.conf").empty());
  CHECK(kind_of_file("/proc/self/status") == "regular");
  CHECK(kind_of_file("/proc/self") == "is a directory");
  CHECK(kind_of_file("/dev/null") == "is a device");
  std::string directory = "/tmp/kind-of-file-XXXXXX";
  REQUIRE(::mkdtemp(directory.data()) != nullptr);
  REQUIRE(::mkfifo((directory + "/pipe.conf").c_str(), 0600) == 0);
  std::ofstream{directory + "/.web.conf"};
  std::filesystem::create_symlink("nowhere", directory + "/link.conf");
  CHECK(kind_of_file(directory + "/pipe.conf") == "is a FIFO");
  CHECK(kind_of_file(directory + "/.web.conf").starts_with("is hidden"));
  CHECK(kind_of_file(directory + "/link.conf") == "is a link to a file that is not there");
  std::filesystem::remove_all(directory);
}

TEST_CASE("arguments match by name, by position and by negation; those with variables are not judged") {
  auto fault = [](Words words, Words environment) { return mismatch(*tree_of({words}), environment); };
  CHECK_FALSE(fault({"e", "A=1", "B!=2"}, {"A=1", "B=3"}));
  CHECK(fault({"e", "A=1"}, {}) == "A=1");
  CHECK(fault({"e", "B!=2"}, {"B=2"}) == "B!=2");
  CHECK_FALSE(fault({"e", "one", "tw*"}, {"X=one", "Y=two"}));
  CHECK(fault({"e", "one", "two"}, {"X=one"}) == "two");
  CHECK_FALSE(fault({"e", "A=$B"}, {}));
}

TEST_CASE("as JSON nothing of an explanation is missing") {
  System system{{stopped_job("web", {seen({"go"}, 5)})}, {past(5, "go")}, {"go"}};
  auto json = nlohmann::json(to_json(system.explained()));
  CHECK(json["start_on"]["events"][0]["by"]["id"] == 5);
  for (const char* key : {"job", "file", "verdict", "instances", "last_failure", "replaced_by_newer", "log"})
    CHECK(json.contains(key));
}

TEST_CASE("what happened to a job is listed, and what became of a match stands beside the event") {
  auto job = stopped_job("svc", {unseen({"runlevel"})});
  auto time = microseconds_of(noon) + 1000;
  job.records = {
      {time, "not started", "", "`start on' came true by the event `runlevel', but the name could not be made", 1},
      {time, "respawned", "eth0", "main process terminated with status 4; it is respawned", 5}};
  auto text = to_text(System{{job}, {past(2, "runlevel")}}.explained());
  CHECK(text.contains("[ ] runlevel — last emitted"));
  CHECK(text.contains("could not be made"));
  CHECK_FALSE(text.contains("when the job did not wait for it"));
  CHECK(text.contains("instance eth0: main process terminated with status 4"));
  CHECK(text.contains("(5")); // times; the line may break there
}

TEST_CASE("that an event can never come outranks that another of its name did not match") {
  System system{{stopped_job("docker", {unseen({"started", "lxc-net"})})}, {past(3, "started", {"JOB=other"})}};
  auto explanation = system.explained();
  CHECK_FALSE(explanation.start_on.can_come_true);
  CHECK(explanation.start_on.events.at(0).remark == "can never come: there is no job lxc-net");
}

TEST_CASE("an override that drops the start on is named with its line, and one that is ignored with its error") {
  auto job = stopped_job("web", {});
  job.override_file = "/etc/init/web.override";
  job.manual_at = "/etc/init/web.override:1";
  job.file_faults = {"/etc/init/late/web.override:1: Mismatched parentheses"};
  auto text = to_text(System{{job}}.explained());
  CHECK(text.starts_with("web is stopped: `manual' (/etc/init/web.override:1) drops its `start on'"));
  CHECK(text.contains("overridden by /etc/init/web.override\n"));
  CHECK(text.contains("ignored for an error: /etc/init/late/web.override:1: Mismatched parentheses"));
}

TEST_CASE("of an event of a bridge it is said what the bridge watches and since when, never that nobody emits it") {
  System system{
      {stopped_job("f", {unseen({"file", "FILE=/run/a"}), unseen({"file", "FILE=/run/b"}), unseen({"/OR"})})}};
  CHECK(names_event_of_bridge(system.jobs[0]));
  CHECK_FALSE(names_event_of_bridge(stopped_job("g", {unseen({"go"})})));
  auto remark = [&](std::size_t place) { return system.explained().start_on.events[place].remark; };
  CHECK(remark(0).starts_with("not seen yet; upstart-file-bridge, which emits it, is not running"));
  system.bridges = {{"file-bridge",
                     {{"file /run/a", "watched", BridgeTime{std::chrono::hours{500'000}}, {"f"}},
                      {"file /run/b", "failed: no", {}, {"f"}}}}};
  CHECK(remark(0).starts_with("not seen yet; upstart-file-bridge has file /run/a (watched since "));
  CHECK(remark(1) == "not seen yet; upstart-file-bridge has file /run/b (failed: no)");
  CHECK(system.explained().start_on.can_come_true);
}

TEST_CASE("of a condition that a bridge does not serve it is said what is wrong with it") {
  System system{{stopped_job("f", {unseen({"file", "FILE=/run/a", "EVENT=made"})})}};
  const auto finding = system.explained().start_on.events.at(0);
  CHECK_FALSE(finding.can_come);
  CHECK(finding.remark.starts_with(
      "cannot come: upstart-file-bridge does not serve this file: EVENT: unknown value made"));
}
