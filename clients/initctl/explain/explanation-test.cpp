#include "clients/initctl/explain/explanation.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <algorithm>

using namespace upstart::client;
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
ConditionNode seen(Words words, std::uint64_t id) { return {.words = words, .held = EventRef{id, words.front(), {}}}; }

ClassState stopped_class(const std::string& name, std::vector<ConditionNode> start_on) {
  return {.name = name,
          .file = "/etc/init/" + name + ".conf",
          .start_on = std::move(start_on),
          .spawn_failure = {},
          .replaced_by_newer = false,
          .jobs = {}};
}

JobState job_in(const std::string& job, const std::string& goal, const std::string& state,
                std::vector<EventRef> blocking = {}) {
  return {.status = {.job = job, .instance = "", .goal = goal, .state = state, .processes = {}},
          .environment = {"UPSTART_EVENTS=a b"},
          .blocking = std::move(blocking),
          .waiting_callers = 0,
          .status_text = {},
          .passed_over = {},
          .stop_on = {}};
}

// A system of classes and events; the first class is the one that is asked about.
struct System {
  std::vector<ClassState> classes;
  std::vector<PastEvent> history;
  Words emitted = {};

  [[nodiscard]] Explanation explained() const {
    std::vector<ClassDetails> details;
    for (const auto& state : classes)
      details.push_back({.name = state.name,
                         .description = {},
                         .author = {},
                         .version = {},
                         .usage = {},
                         .emits = emitted,
                         .start_on = {},
                         .stop_on = {}});
    PossibleEvents possible{details, {}};
    return explain(classes.front(), {classes, history, possible});
  }
};

} // namespace

TEST_CASE("a job that waits for two events of which one was seen says which, since when, and what that holds up") {
  System system{{stopped_class("web", {seen({"go"}, 5), unseen({"net"}), unseen(all_of)})},
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

TEST_CASE("an event that nobody emits, and one of a job that does not exist, can never come") {
  auto explanation =
      System{{stopped_class("web", {unseen({"ghost"}), unseen({"started", "nojob"}), unseen(all_of)})}, {}}.explained();
  CHECK(explanation.verdict == "web is stopped: its `start on' names what never comes by itself.");
  CHECK_FALSE(explanation.start_on.can_come_true);
  CHECK(explanation.start_on.events[0].remark.starts_with("nobody emits it"));
  CHECK(explanation.start_on.events[1].remark == "can never come: there is no job nojob");
}

TEST_CASE("an event that came with other variables is told with what does not match") {
  System system{{stopped_class("web", {unseen({"net", "IFACE=eth*"})})}, {past(3, "net", {"IFACE=lo"})}};
  auto remark = system.explained().start_on.events[0].remark;
  CHECK(remark.contains("(#3) as `net IFACE=lo', but IFACE=eth* does not match"));
}

TEST_CASE("an event that came and was used up, or came too early, is told") {
  System used{{stopped_class("web", {unseen({"go"})})}, {past(3, "go", {}, {{"start", "web", ""}})}, {"go"}};
  CHECK(used.explained().start_on.events[0].remark.ends_with("(#3), and was used up then"));
  System early{{stopped_class("web", {unseen({"go"})})}, {past(3, "go")}, {"go"}};
  CHECK(early.explained().start_on.events[0].remark.ends_with("(#3), when it was not waited for"));
}

TEST_CASE("an event that the job is busy with is told as such") {
  ClassState web{.name = "web",
                 .file = "",
                 .start_on = {unseen({"go"})},
                 .spawn_failure = {},
                 .replaced_by_newer = false,
                 .jobs = {job_in("web", "start", "pre-start", {{3, "go", {}}})}};
  CHECK(System{{web}, {past(3, "go", {}, {}, "pending")}}.explained().start_on.events[0].remark.ends_with(
      "(#3): that is what it does now"));
}

TEST_CASE("one side of an or is enough for a condition to come true, whatever the other lacks") {
  const Words any_of{"/OR"};
  ClassState web =
      stopped_class("web", {unseen({"foo"}), unseen({"bar", "A=1"}), unseen({"baz"}), unseen(all_of), unseen(any_of)});
  web.jobs = {job_in("web", "start", "starting", {{3, "foo", {}}})};
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
  System system{{stopped_class("web", {unset, expanded, unseen(all_of)})},
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

TEST_CASE("of another job's events it is told where that job stands") {
  System system{{stopped_class("web", {unseen({"started", "db"})}), stopped_class("db", {})}, {}};
  CHECK(system.explained().start_on.events[0].remark == "not seen yet; db is stop/waiting (initctl explain db)");
}

TEST_CASE("a job that failed says how, and that outweighs its start on") {
  System system{{stopped_class("web", {unseen({"go"})})},
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
  CHECK(to_text(explanation) == "web.\n\nlast lines of /l\n  | red\n  | a\tb^[]0;title^G\n  | \n");
}

TEST_CASE("each way to fail has its own words") {
  auto text = [](Words more) {
    Words environment{"JOB=web", "INSTANCE=", "RESULT=failed"};
    environment.insert(environment.end(), more.begin(), more.end());
    return System{{stopped_class("web", {})}, {past(1, "stopped", environment)}}.explained().last_failure->text;
  };
  CHECK(text({"PROCESS=respawn"}) == "its main process ended too often: the respawn limit was reached");
  CHECK(text({"PROCESS=main", "EXIT_SIGNAL=KILL"}) == "its main process was killed by KILL");
  CHECK(text({"PROCESS=pre-start"}) == "its pre-start process could not be started; init's log says why");
  auto state = stopped_class("web", {});
  state.spawn_failure = "main process: unable to execute: No such file or directory";
  Words told{"JOB=web", "INSTANCE=", "RESULT=failed", "PROCESS=main"};
  CHECK(System{{state}, {past(1, "stopped", told)}}.explained().last_failure->text ==
        "its main process could not be started: unable to execute: No such file or directory");
}

TEST_CASE("at the respawn limit it is told how the process ended the last time") {
  auto text = [](int status) {
    auto web = stopped_class("web", {});
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
  ClassState slow{.name = "slow",
                  .file = "",
                  .start_on = {},
                  .spawn_failure = {},
                  .replaced_by_newer = false,
                  .jobs = {job_in("slow", "start", "starting")}};
  ClassState blocker{.name = "blocker",
                     .file = "",
                     .start_on = {},
                     .spawn_failure = {},
                     .replaced_by_newer = false,
                     .jobs = {job_in("blocker", "start", "pre-start", {{4, "starting", {"JOB=slow", "INSTANCE="}}})}};
  std::vector<PastEvent> history{past(4, "starting", {"JOB=slow", "INSTANCE="}, {{"start", "blocker", ""}}, "pending")};
  auto held_up = System{{slow, blocker}, history}.explained();
  CHECK(held_up.verdict == "slow is on its way to running: start/starting.");
  CHECK(held_up.instances[0].waits_for == "its event `starting' to be finished");
  CHECK(held_up.instances[0].blocked_by == Words{"blocker, which is start/pre-start"});
  auto holding = System{{blocker, slow}, history}.explained();
  CHECK(holding.instances[0].blocks == Words{"event #4 starting JOB=slow INSTANCE=: slow waits"});
}

TEST_CASE("a condition of another job that is half true holds a job up too") {
  ClassState slow{.name = "slow",
                  .file = "",
                  .start_on = {},
                  .spawn_failure = {},
                  .replaced_by_newer = false,
                  .jobs = {job_in("slow", "start", "starting")}};
  auto half = stopped_class("half", {seen({"starting", "slow"}, 4), unseen({"more"}), unseen(all_of)});
  System system{{slow, half}, {past(4, "starting", {"JOB=slow", "INSTANCE="}, {}, "pending")}};
  CHECK(system.explained().instances[0].blocked_by ==
        Words{"half, whose `start on' waits for more (initctl explain half)"});
}

TEST_CASE("a running job says what started it") {
  ClassState web{.name = "web",
                 .file = "",
                 .start_on = {},
                 .spawn_failure = {},
                 .replaced_by_newer = false,
                 .jobs = {job_in("web", "start", "running")}};
  auto explanation = System{{web}, {}}.explained();
  CHECK(explanation.verdict == "web is running.");
  CHECK(explanation.instances[0].cause == "by the events a b");
}

TEST_CASE("what the main process says of itself and what went wrong without harm is shown") {
  auto web = stopped_class("web", {});
  web.jobs.push_back(job_in("web", "start", "running"));
  web.jobs[0].status_text = "serving 12 clients";
  web.jobs[0].passed_over = {"post-start process terminated with status 1"};
  auto explanation = System{{web}, {}}.explained();
  auto text = to_text(explanation);
  CHECK(text.contains("  says serving 12 clients\n"));
  CHECK(text.contains("  passed over post-start process terminated with status 1\n"));
  auto json = nlohmann::json(to_json(explanation));
  CHECK(json["instances"][0]["says"] == "serving 12 clients");
  CHECK(json["instances"][0]["passed_over"].size() == 1);
}

TEST_CASE("a job without start on says that it needs a command") {
  CHECK(System{{stopped_class("web", {})}, {}}.explained().verdict ==
        "web is stopped: it has no `start on' (or `manual' drops it), so it starts by command only: `start web'.");
}

TEST_CASE("a job whose instances have names says which variables the command must give") {
  auto inst = stopped_class("inst", {});
  inst.instance_needs = {"N", "M"};
  CHECK(System{{inst}, {}}.explained().verdict.ends_with("so it starts by command only: `start inst N=... M=...'."));
}

TEST_CASE("a job whose file has gone says what that leads to") {
  auto web = stopped_class("web", {});
  web.jobs = {job_in("web", "start", "running")};
  web.replaced_by_newer = true;
  CHECK(to_text(System{{web}, {}}.explained())
            .contains("  its file has changed since; that takes effect when the last instance has stopped\n"));
  web.file_gone = true;
  auto gone = System{{web}, {}}.explained();
  CHECK(to_text(gone).contains("  its file is gone; the job goes too when the last instance has stopped\n"));
  CHECK(nlohmann::json(to_json(gone))["file_gone"] == true);
}

TEST_CASE("a job that is not there is answered with a name like it and with what may be wrong with its file") {
  auto none = [](const std::string&) { return false; };
  CHECK(no_such_job("netwrok", {{"network", "/etc/init/network.conf"}, {"web", "/etc/init/web.conf"}}, none) ==
        "Unknown job: netwrok: did you mean `network`? A file that cannot be read as a job gives none; "
        "`init-checkconf' says what is wrong with it.");
  CHECK(no_such_job("broken", {{"sub/deep", "/etc/init/sub/deep.conf"}},
                    [](const std::string& path) { return path == "/etc/init/broken.conf"; }) ==
        "Unknown job: broken. There is a file /etc/init/broken.conf, but it gives no job: `init-checkconf "
        "/etc/init/broken.conf' says why.");
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

TEST_CASE("the supervisor's state is read, and what is no such state is refused with a reason") {
  auto classes = parse_state(
      R"({"job_classes": [{"name": "a", "file": "/a", "start_on": [{"node": ["x", "K=v"], "held": {"id": 3, "name": "x"}, "expanded": ["x", "K=w"]}, {"node": ["y", "$U"], "unset": ["U"]}],
    "instance_needs": ["N"], "respawn_limit_end": 256, "file_gone": true,
    "replaced_by_newer": true, "jobs": [{"name": "i", "goal": "start", "state": "running", "env": ["E=1"], "processes": {"main": 5},
    "blocking": [{"id": 4, "name": "y", "env": ["Z=1"]}], "waiting_callers": 1,
    "status_text": "busy", "ignored_failures": ["p"], "stop_on": []}]}]})");
  REQUIRE(classes);
  const auto& state = classes->front();
  CHECK(state.start_on[0].held->id == 3);
  CHECK(state.start_on[0].expanded == Words{"x", "K=w"});
  CHECK(state.start_on[1].unset == Words{"U"});
  CHECK(state.instance_needs == Words{"N"});
  CHECK(state.respawn_limit_end == 256);
  CHECK(state.file_gone);
  CHECK(state.jobs[0].status ==
        InstanceStatus{.job = "a", .instance = "i", .goal = "start", .state = "running", .processes = {{"main", 5}}});
  CHECK(state.jobs[0].blocking[0].environment == Words{"Z=1"});
  CHECK(state.jobs[0].status_text == "busy");
  CHECK(state.jobs[0].passed_over == Words{"p"});
  CHECK_FALSE(parse_state("[]"));
  CHECK_FALSE(parse_state("{"));
}

TEST_CASE("as JSON nothing of an explanation is missing") {
  System system{{stopped_class("web", {seen({"go"}, 5)})}, {past(5, "go")}, {"go"}};
  auto json = nlohmann::json(to_json(system.explained()));
  CHECK(json["start_on"]["events"][0]["by"]["id"] == 5);
  for (const char* key : {"job", "file", "verdict", "instances", "last_failure", "replaced_by_newer", "log"})
    CHECK(json.contains(key));
}
