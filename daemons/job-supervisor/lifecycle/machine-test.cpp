#include "daemons/job-supervisor/lifecycle/machine.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <csignal>
#include <map>
#include <random>
#include <set>
#include <string>

using namespace upstart::supervisor;
using namespace std::chrono_literals;
using What = Action::What;
using enum ProcessKind;

namespace {

int exited(int status) { return status << 8; }
int killed_by(int signal) { return signal; }

JobClass job(std::initializer_list<ProcessKind> processes, bool task = false) {
  JobClass job_class;
  job_class.task = task;
  for (auto kind : processes) job_class.commands[static_cast<std::size_t>(kind)] = Command{.text = "x"};
  return job_class;
}

// A machine whose actions are written down as words, and whose events finish when the test says so.
struct Life {
  explicit Life(JobClass job_class) : of{std::move(job_class)} {}
  JobClass of;
  Machine machine{of};
  Actions seen;

  Life& operator()(Actions actions) {
    seen.insert(seen.end(), actions.begin(), actions.end());
    return *this;
  }
  Life& start() { return (*this)(machine.change_goal(Goal::start)); }
  Life& stop() { return (*this)(machine.change_goal(Goal::stop)); }
  Life& restart() { return (*this)(machine.restart()); }
  Life& event() { return (*this)(machine.event_finished()); }
  Life& ready() { return (*this)(machine.ready()); }
  Life& ended(ProcessKind kind, int status = 0, MonotonicTime now = 0ms) {
    return (*this)(machine.ended(kind, status, now));
  }
  Life& cannot(ProcessKind kind) { return (*this)(machine.not_executed(kind)); }
  Life& time_out() { return (*this)(machine.kill_timeout_expired()); }
  Life& running() { return start().event().ready(); }

  // What was done since the last call: states as they are, goals as !goal, the rest by a word.
  std::string story() {
    static const std::map<What, std::string> words{{What::failed, "FAILED"},
                                                   {What::take_start_environment, ""},
                                                   {What::drop_stop_environment, "drop"},
                                                   {What::emit_starting, ""},
                                                   {What::emit_started, "started"},
                                                   {What::emit_stopping, ""},
                                                   {What::emit_stopped, "stopped"},
                                                   {What::release, "release"},
                                                   {What::release_failed, "release-failed"},
                                                   {What::kill_leftovers, "leftovers"},
                                                   {What::end_leftovers, "end-leftovers"},
                                                   {What::start_kill_timer, "timer"},
                                                   {What::stop_kill_timer, "timer-off"},
                                                   {What::report_respawn, "respawning"},
                                                   {What::report_too_fast, "too-fast"},
                                                   {What::remove, "remove"}};
    std::string text;
    for (const auto& action : std::exchange(seen, {})) {
      std::string word;
      switch (action.what) {
      case What::goal_changed: word = "!" + std::string{name_of(action.goal)}; break;
      case What::state_changed: word = name_of(action.state); break;
      case What::spawn: word = "+" + std::to_string(static_cast<int>(action.process)); break;
      case What::terminate: word = "TERM"; break;
      case What::kill: word = "KILL" + std::to_string(static_cast<int>(action.process)); break;
      default: word = words.at(action.what);
      }
      if (!word.empty()) text += (text.empty() ? "" : " ") + word;
    }
    return text;
  }
};

const std::string from_starting = "security-spawning security pre-starting";

} // namespace

TEST_CASE("a service starts through all states, and waits for the starting event and for main to be ready") {
  Life life{job({main})};
  CHECK(life.start().story() == "!start starting");
  CHECK(life.event().story() == from_starting + " pre-start spawning +0 spawned");
  CHECK(life.ready().story() == "post-starting post-start running started release");
}

TEST_CASE("a service stops through pre-stop, stopping and killed") {
  Life life{job({main})};
  life.running().story();
  CHECK(life.stop().story() == "!stop pre-stopping pre-stop stopping");
  CHECK(life.event().story() == "killed TERM timer");
  CHECK(life.ended(main, killed_by(SIGTERM)).story() ==
        "timer-off post-stopping leftovers post-stop waiting stopped release remove");
  CHECK_FALSE(life.machine.failure());
}

TEST_CASE("a job without a process is running until it is stopped") {
  Life life{job({})};
  life.start();
  CHECK(life.event().machine.state() == State::running);
  life.story();
  CHECK(life.stop().story() == "!stop stopping");
  CHECK(life.event().story() == "killed post-stopping end-leftovers post-stop waiting stopped release remove");
}

TEST_CASE("all hooks run, each to its end") {
  Life life{job({pre_start, main, post_start, pre_stop, post_stop})};
  life.start();
  life.story();
  CHECK(life.event().story() == from_starting + " +1 pre-start");
  CHECK(life.ended(pre_start).story() == "spawning +0 spawned");
  CHECK(life.ready().story() == "post-starting +2 post-start");
  CHECK(life.ended(post_start, exited(1)).story() == "running started release");
  CHECK(life.stop().story() == "!stop pre-stopping +3 pre-stop");
  CHECK(life.ended(pre_stop, exited(1)).story() == "stopping");
  CHECK(life.event().story() == "killed TERM timer");
  CHECK(life.ended(main).story() == "timer-off post-stopping leftovers +4 post-stop");
  CHECK(life.ended(post_stop).story() == "waiting stopped release remove");
}

TEST_CASE("a task releases its callers only when it has stopped") {
  Life life{job({main}, true)};
  life.running();
  CHECK(life.story().find("release") == std::string::npos);
  CHECK(life.ended(main).story() == "!stop stopping");
  CHECK(life.event().story() == "killed post-stopping post-stop waiting stopped release remove");
}

TEST_CASE("a main process that fails fails its job at once") {
  Life life{job({main})};
  life.running().story();
  CHECK(life.ended(main, exited(7)).story() == "FAILED release-failed !stop stopping");
  CHECK(life.machine.failure() == Failure{.process = main, .wait_status = exited(7)});
}

TEST_CASE("what counts as a failure") {
  struct Row {
    bool task, respawn;
    int status;
    std::vector<NormalExit> normal;
    bool failed;
  };
  for (const auto& row : std::vector<Row>{{false, false, 0, {}, false},
                                          {false, false, exited(3), {}, true},
                                          {false, false, exited(3), {{3, false}}, false},
                                          {false, false, killed_by(SIGTERM), {}, true},
                                          {false, false, killed_by(SIGTERM), {{SIGTERM, true}}, false},
                                          {false, false, exited(SIGTERM), {{SIGTERM, true}}, true},
                                          {false, true, 0, {}, true},
                                          {false, true, 0, {{0, false}}, false},
                                          {true, true, 0, {}, false},
                                          {true, true, exited(1), {}, true}}) {
    JobClass job_class = job({main}, row.task);
    job_class.respawn = row.respawn;
    job_class.normal_exits = row.normal;
    CAPTURE(row.status);
    CHECK(is_failure(job_class, row.status) == row.failed);
  }
}

TEST_CASE("pre-start that fails stops the job; main is never run") {
  Life life{job({pre_start, main})};
  life.start().event().story();
  CHECK(life.ended(pre_start, exited(2)).story() == "FAILED release-failed !stop stopping");
}

TEST_CASE("a stop during pre-start waits for it, then ends in waiting") {
  Life life{job({pre_start, main})};
  life.start().event().story();
  CHECK(life.stop().story() == "!stop timer");
  CHECK(life.ended(pre_start).story() == "timer-off stopping");
  CHECK(life.event().story() == "killed post-stopping end-leftovers post-stop waiting stopped release remove");
}

TEST_CASE("tmpfiles are applied in pre-start before its process, and a failure fails the start") {
  auto with_files = job({pre_start, main});
  with_files.tmpfiles = {"some.conf"};
  Life life{with_files};
  life.start().story();
  CHECK(life.event().story() == from_starting + " +6 pre-start");
  CHECK(life.ended(tmpfiles).story() == "+1");
  CHECK(life.ended(pre_start).story() == "spawning +0 spawned");
  Life alone{with_files};
  alone.of.commands[static_cast<std::size_t>(pre_start)].reset();
  alone.start().event().story();
  CHECK(alone.ended(tmpfiles).story() == "spawning +0 spawned");
  Life failing{with_files};
  failing.start().event().story();
  CHECK(failing.ended(tmpfiles, exited(65)).story() == "FAILED release-failed !stop stopping");
  CHECK(failing.machine.failure() == Failure{.process = tmpfiles, .wait_status = exited(65)});
  Life missing{with_files};
  missing.start().event().story();
  CHECK(missing.cannot(tmpfiles).story() == "FAILED release-failed !stop stopping");
  Life stopped{with_files};
  CHECK(stopped.start().event().stop().ended(tmpfiles).machine.state() == State::stopping);
}

TEST_CASE("what a stop had to kill has not failed") {
  Life life{job({pre_start, main})};
  life.start().event().stop().time_out().story();
  CHECK(life.ended(pre_start, killed_by(SIGKILL)).story() == "stopping");
  CHECK_FALSE(life.machine.failure());
}

TEST_CASE("who comes to wait after a failure is told of the next, too") {
  Life life{job({main, post_stop})};
  life.running().ended(main, exited(3)).event().story();
  CHECK(life.start().story() == "!start timer");
  CHECK(life.ended(post_stop, exited(5)).story() == "timer-off release-failed !stop waiting stopped release remove");
  CHECK(life.machine.failure() == Failure{.process = main, .wait_status = exited(3)});
}

TEST_CASE("a job that waits for a debugger can be stopped") {
  auto debugged = job({main});
  debugged.debug = true;
  Life life{debugged};
  life.start().event().story();
  CHECK(life.stop().story() == "!stop stopping");
}

TEST_CASE("a goal that turns back gives a hook its time again") {
  Life life{job({pre_start, main})};
  life.start().event().stop().story();
  CHECK(life.start().story() == "!start timer-off");
  CHECK(life.ended(pre_start).story() == "spawning +0 spawned");
}

TEST_CASE("a pre-start that hangs is killed when the kill timeout has passed since the stop") {
  Life life{job({pre_start, main})};
  life.start().event().stop().story();
  CHECK(life.time_out().story() == "KILL1");
  CHECK(life.ended(pre_start, killed_by(SIGKILL)).machine.state() == State::stopping);
}

TEST_CASE("a start during pre-stop cancels the stop") {
  Life life{job({main, pre_stop})};
  life.running().stop().story();
  CHECK(life.start().story() == "!start timer");
  CHECK(life.ended(pre_stop).story() == "timer-off running drop release");
}

TEST_CASE("a process that cannot be executed fails its job, but post-start and pre-stop only warn") {
  Life life{job({main})};
  life.start().event().story();
  CHECK(life.cannot(main).story() == "FAILED release-failed !stop stopping");
  CHECK(life.machine.failure() == Failure{.process = main, .wait_status = std::nullopt});
  Life hook{job({main, post_start})};
  hook.running().story();
  CHECK(hook.cannot(post_start).story() == "running started release");
}

TEST_CASE("a failed main process is respawned through stopping and starting, within its limit") {
  auto respawning = job({main});
  respawning.respawn = true;
  respawning.respawn_limit = {.count = 2, .interval = 5s};
  Life life{respawning};
  life.running().story();
  for (int i = 0; i < 2; ++i) {
    CHECK(life.ended(main, exited(1), MonotonicTime{i * 10}).story() == "respawning stopping");
    CHECK(life.event().story() == "killed post-stopping post-stop starting");
    life.event().ready().story();
  }
  CHECK(life.ended(main, 0, 30ms).story() == "too-fast FAILED release-failed !stop stopping");
  CHECK(life.machine.failure() == Failure{});
}

TEST_CASE("the respawn window begins with the first respawn and then anew") {
  auto respawning = job({main});
  respawning.respawn = true;
  respawning.respawn_limit = {.count = 1, .interval = 5s};
  Life life{respawning};
  life.running();
  for (int i = 0; i < 10; ++i) life.ended(main, exited(1), 6s * i).event().event().ready();
  CHECK(life.machine.state() == State::running);
}

TEST_CASE("main that dies during post-start is respawned when post-start has ended") {
  auto respawning = job({main, post_start});
  respawning.respawn = true;
  Life life{respawning};
  life.running().story();
  CHECK(life.ended(main, exited(1)).story() == "respawning !respawn timer");
  CHECK(life.ended(post_start).story() == "timer-off !start stopping");
}

TEST_CASE("a start while a hook outlives main never ends in running without a main process") {
  auto respawning = job({main, post_start, pre_stop});
  respawning.respawn = true;
  Life after_start{respawning};
  after_start.running().ended(main, exited(1)).start().story();
  CHECK(after_start.ended(post_start).story() == "stopping");
  Life cancelled{job({main, pre_stop})};
  cancelled.running().stop().ended(main).start().story();
  CHECK(cancelled.ended(pre_stop).story() == "timer-off stopping");
  CHECK(cancelled.event().story() == "killed post-stopping end-leftovers post-stop starting");
}

TEST_CASE("main that ends before it was ready never leaves the job waiting") {
  auto forking = job({main});
  forking.expect = Expect::fork;
  Life failing{forking};
  failing.start().event().story();
  CHECK(failing.ended(main, exited(1)).story() == "FAILED release-failed !stop stopping");
  Life ending{forking};
  ending.start().event().story();
  CHECK(ending.ended(main, 0).story() == "!stop stopping");
  forking.respawn = true;
  Life respawning{forking};
  respawning.start().event().story();
  CHECK(respawning.ended(main, exited(1)).story() == "respawning stopping");
}

TEST_CASE("a stop does not wait for a readiness that may never come") {
  auto waiting = job({main});
  waiting.expect = Expect::stop;
  Life life{waiting};
  life.start().event().story();
  CHECK(life.stop().story() == "!stop stopping");
  CHECK(life.event().story() == "killed TERM timer");
}

TEST_CASE("post-stop that fails ends a restart") {
  Life life{job({main, post_stop})};
  life.running().restart().event().ended(main, killed_by(SIGTERM)).story();
  CHECK(life.ended(post_stop, exited(5)).story() == "FAILED release-failed !stop waiting stopped release remove");
}

TEST_CASE("a restart of a running service shows the goal turning round in stopping") {
  Life life{job({main})};
  life.running().story();
  CHECK(life.restart().story() == "!stop pre-stopping pre-stop stopping !start");
  CHECK(life.event().story() == "killed TERM timer");
  CHECK(life.ended(main, killed_by(SIGTERM)).story() == "timer-off post-stopping leftovers post-stop starting");
}

TEST_CASE("a restart ends and starts main again in every state") {
  Life before{job({pre_start, main})};
  before.start().event().restart().story();
  CHECK(before.ended(pre_start).story() == "timer-off stopping !start");
  Life after{job({main, pre_stop})};
  after.running().restart().story();
  CHECK(after.ended(pre_stop).story() == "stopping !start");
}

TEST_CASE("the kill timeout ends a main process that does not listen") {
  Life life{job({main})};
  life.running().stop().event().story();
  CHECK(life.time_out().story() == "KILL0");
  auto at_once = job({main});
  at_once.kill_timeout = 0s;
  Life impatient{at_once};
  impatient.running().stop().story();
  CHECK(impatient.event().story() == "killed KILL0");
}

TEST_CASE("failing tells the status as clients know it") {
  CHECK(failed_status(exited(3)) == 3);
  CHECK(failed_status(killed_by(SIGHUP)) == 256);
}

// Thousands of random lives: whatever happens in whatever order, what must hold holds.
TEST_CASE("random lives keep the invariants and end in waiting") {
  std::mt19937 random{20240607};
  auto pick = [&](int n) { return std::uniform_int_distribution{0, n - 1}(random); };
  for (int round = 0; round < 3000; ++round) {
    JobClass of = job({}, pick(2) == 0);
    for (auto kind : {main, pre_start, post_start, pre_stop, post_stop})
      if (pick(2)) of.commands[static_cast<std::size_t>(kind)] = Command{.text = "x"};
    of.respawn = pick(2) == 0;
    of.respawn_limit = {.count = static_cast<unsigned>(pick(3)), .interval = 5s};
    of.expect = static_cast<Expect>(pick(6));
    of.kill_timeout = std::chrono::seconds{pick(2)};
    if (pick(4) == 0) of.apparmor_load = "profile";
    if (pick(4) == 0) of.tmpfiles = {"files.conf"};
    Machine machine{of};
    std::set<ProcessKind> alive;
    bool event = false, removed = false, timer = false;
    MonotonicTime now{0};
    auto carry_out = [&](const Actions& actions) {
      for (const auto& action : actions) {
        REQUIRE_FALSE(removed);
        switch (action.what) {
        case What::spawn: REQUIRE(alive.insert(action.process).second); break;
        case What::emit_starting:
        case What::emit_stopping:
          REQUIRE_FALSE(event);
          event = true;
          break;
        case What::terminate:
        case What::kill: REQUIRE(alive.contains(action.process)); break;
        case What::start_kill_timer:
          REQUIRE_FALSE(timer);
          timer = true;
          break;
        case What::stop_kill_timer: timer = false; break;
        case What::remove:
          REQUIRE(alive.empty()); // no process outlives its instance
          REQUIRE_FALSE(timer);
          removed = true;
          break;
        default: break;
        }
      }
    };
    auto happen = [&](int what) {
      now += std::chrono::milliseconds{pick(4000)};
      auto some = [&] { return *std::next(alive.begin(), pick(static_cast<int>(alive.size()))); };
      switch (what) {
      case 0: return carry_out(machine.change_goal(Goal::start));
      case 1: return carry_out(machine.change_goal(Goal::stop));
      case 2: return carry_out(machine.restart());
      case 3:
        if (std::exchange(event, false)) carry_out(machine.event_finished());
        return;
      case 4:
        if (alive.contains(main)) carry_out(machine.ready());
        return;
      case 5:
        if (!alive.empty()) {
          auto kind = some();
          alive.erase(kind);
          carry_out(machine.ended(kind, pick(2) ? 0 : pick(2) ? exited(1) : killed_by(SIGTERM), now));
        }
        return;
      case 6:
        if (!alive.empty()) {
          auto kind = some();
          alive.erase(kind);
          carry_out(machine.not_executed(kind));
        }
        return;
      default:
        if (std::exchange(timer, false)) carry_out(machine.kill_timeout_expired());
        return;
      }
    };
    carry_out(machine.change_goal(Goal::start));
    for (int step = 0; step < 40 && !removed; ++step) happen(pick(8));
    if (!removed) carry_out(machine.change_goal(Goal::stop));
    for (int step = 0; step < 60 && !removed; ++step) {
      if (!machine.is_to_stop()) happen(1);
      else happen(3), happen(removed ? 8 : 4), removed ? void() : happen(5);
    }
    CHECK(removed);
    CHECK(machine.state() == State::waiting);
  }
}
