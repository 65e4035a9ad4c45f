#include "daemons/job-supervisor/lifecycle/failure.hpp"
#include "daemons/job-supervisor/lifecycle/scenario.hpp"

#include <doctest/doctest.h>

#include <csignal>

using namespace upstart::supervisor;
using namespace upstart::supervisor::test;
using namespace std::chrono_literals;
using enum ProcessKind;

namespace {

const std::string from_starting = "security-spawning security pre-starting";

} // namespace

TEST_CASE("a service starts through all states, and waits for the starting event and for main to be ready") {
  Scenario scenario{job({main})};
  CHECK(scenario.start().story() == "!start starting emit");
  CHECK(scenario.event().story() == from_starting + " pre-start spawning +main spawned");
  CHECK(scenario.ready().story() == "post-starting post-start running started release");
}

TEST_CASE("a service stops through pre-stop, stopping and killed") {
  Scenario scenario{job({main})};
  scenario.running().story();
  CHECK(scenario.stop().story() == "!stop pre-stopping pre-stop stopping emit");
  CHECK(scenario.event().story() == "killed TERM timer");
  CHECK(scenario.ended(main, killed_by(SIGTERM)).story() ==
        "timer-off post-stopping kill-strays post-stop waiting stopped release remove");
  CHECK_FALSE(scenario.life.setbacks->failure);
}

TEST_CASE("a job without a process is running until it is stopped") {
  Scenario scenario{job({})};
  scenario.start();
  CHECK(scenario.event().life.state == State::running);
  scenario.story();
  CHECK(scenario.stop().story() == "!stop stopping emit");
  CHECK(scenario.event().story() == "killed post-stopping end-strays post-stop waiting stopped release remove");
}

TEST_CASE("all hooks run, each to its end") {
  Scenario scenario{job({pre_start, main, post_start, pre_stop, post_stop})};
  scenario.start();
  scenario.story();
  CHECK(scenario.event().story() == from_starting + " +pre-start pre-start");
  CHECK(scenario.ended(pre_start).story() == "spawning +main spawned");
  CHECK(scenario.ready().story() == "post-starting +post-start post-start");
  CHECK(scenario.ended(post_start, exited(1)).story() == "running started release");
  CHECK(scenario.stop().story() == "!stop pre-stopping +pre-stop pre-stop");
  CHECK(scenario.ended(pre_stop, exited(1)).story() == "stopping emit");
  CHECK(scenario.event().story() == "killed TERM timer");
  CHECK(scenario.ended(main).story() == "timer-off post-stopping kill-strays +post-stop post-stop");
  CHECK(scenario.ended(post_stop).story() == "waiting stopped release remove");
}

TEST_CASE("a task releases its callers only when it has stopped") {
  Scenario scenario{job({main}, true)};
  scenario.running();
  CHECK(scenario.story().find("release") == std::string::npos);
  CHECK(scenario.ended(main).story() == "!stop stopping emit");
  CHECK(scenario.event().story() == "killed post-stopping post-stop waiting stopped release remove");
}

TEST_CASE("a main process that fails fails its job at once") {
  Scenario scenario{job({main})};
  scenario.running().story();
  CHECK(scenario.ended(main, exited(7)).story() == "FAILED release-failed !stop stopping emit");
  CHECK(scenario.life.setbacks->failure == Failure{.process = main, .wait_status = exited(7)});
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
  Scenario scenario{job({pre_start, main})};
  scenario.start().event().story();
  CHECK(scenario.ended(pre_start, exited(2)).story() == "FAILED release-failed !stop stopping emit");
}

TEST_CASE("a stop during pre-start waits for it, then ends in waiting") {
  Scenario scenario{job({pre_start, main})};
  scenario.start().event().story();
  CHECK(scenario.stop().story() == "!stop timer");
  CHECK(scenario.ended(pre_start).story() == "timer-off stopping emit");
  CHECK(scenario.event().story() == "killed post-stopping end-strays post-stop waiting stopped release remove");
}

TEST_CASE("tmpfiles are applied in pre-start before its process, and a failure fails the start") {
  auto with_files = job({pre_start, main});
  with_files.tmpfiles = {"some.conf"};
  Scenario scenario{with_files};
  scenario.start().story();
  CHECK(scenario.event().story() == from_starting + " +tmpfiles pre-start");
  CHECK(scenario.ended(tmpfiles).story() == "+pre-start");
  CHECK(scenario.ended(pre_start).story() == "spawning +main spawned");
  Scenario alone{with_files};
  alone.of.commands[static_cast<std::size_t>(pre_start)].reset();
  alone.start().event().story();
  CHECK(alone.ended(tmpfiles).story() == "spawning +main spawned");
  Scenario failing{with_files};
  failing.start().event().story();
  CHECK(failing.ended(tmpfiles, exited(65)).story() == "FAILED release-failed !stop stopping emit");
  CHECK(failing.life.setbacks->failure == Failure{.process = tmpfiles, .wait_status = exited(65)});
  Scenario missing{with_files};
  missing.start().event().story();
  CHECK(missing.cannot(tmpfiles).story() == "FAILED release-failed !stop stopping emit");
  Scenario stopped{with_files};
  CHECK(stopped.start().event().stop().ended(tmpfiles).life.state == State::stopping);
}

TEST_CASE("what a stop had to kill has not failed") {
  Scenario scenario{job({pre_start, main})};
  scenario.start().event().stop().time_out().story();
  CHECK(scenario.ended(pre_start, killed_by(SIGKILL)).story() == "stopping emit");
  CHECK_FALSE(scenario.life.setbacks->failure);
}

TEST_CASE("who comes to wait after a failure is told of the next, too") {
  Scenario scenario{job({main, post_stop})};
  scenario.running().ended(main, exited(3)).event().story();
  CHECK(scenario.start().story() == "!start timer");
  CHECK(scenario.ended(post_stop, exited(5)).story() == "timer-off release-failed !stop waiting stopped remove");
  CHECK(scenario.life.setbacks->failure == Failure{.process = main, .wait_status = exited(3)});
}

TEST_CASE("a job that waits for a debugger can be stopped") {
  auto debugged = job({main});
  debugged.debug = true;
  Scenario scenario{debugged};
  scenario.start().event().story();
  CHECK(scenario.stop().story() == "!stop stopping emit");
}

TEST_CASE("a goal that turns back gives a hook its time again") {
  Scenario scenario{job({pre_start, main})};
  scenario.start().event().stop().story();
  CHECK(scenario.start().story() == "!start timer-off");
  CHECK(scenario.ended(pre_start).story() == "spawning +main spawned");
}

TEST_CASE("a pre-start that hangs is killed when the kill timeout has passed since the stop") {
  Scenario scenario{job({pre_start, main})};
  scenario.start().event().stop().story();
  CHECK(scenario.time_out().story() == "KILL-pre-start");
  CHECK(scenario.ended(pre_start, killed_by(SIGKILL)).life.state == State::stopping);
}

TEST_CASE("a start during pre-stop cancels the stop") {
  Scenario scenario{job({main, pre_stop})};
  scenario.running().stop().story();
  CHECK(scenario.start().story() == "!start timer");
  CHECK(scenario.ended(pre_stop).story() == "timer-off running release");
}

TEST_CASE("a process that cannot be executed fails its job, but post-start and pre-stop only warn") {
  Scenario scenario{job({main})};
  scenario.start().event().story();
  CHECK(scenario.cannot(main).story() == "FAILED release-failed !stop stopping emit");
  CHECK(scenario.life.setbacks->failure == Failure{.process = main, .wait_status = std::nullopt});
  Scenario hook{job({main, post_start})};
  hook.running().story();
  CHECK(hook.cannot(post_start).story() == "running started release");
}

TEST_CASE("a failed main process is respawned through stopping and starting, within its limit") {
  auto respawning = job({main});
  respawning.respawn = true;
  respawning.respawn_limit = {.count = 2, .interval = 5s};
  Scenario scenario{respawning};
  scenario.running().story();
  for (int i = 0; i < 2; ++i) {
    CHECK(scenario.ended(main, exited(1), MonotonicTime{i * 10}).story() == "respawning stopping emit");
    CHECK(scenario.event().story() == "killed post-stopping post-stop starting emit");
    scenario.event().ready().story();
  }
  CHECK(scenario.ended(main, 0, 30ms).story() == "too-fast FAILED release-failed !stop stopping emit");
  CHECK(scenario.life.setbacks->failure == Failure{});
}

TEST_CASE("the respawn window begins with the first respawn and then anew") {
  auto respawning = job({main});
  respawning.respawn = true;
  respawning.respawn_limit = {.count = 1, .interval = 5s};
  Scenario scenario{respawning};
  scenario.running();
  for (int i = 0; i < 10; ++i) scenario.ended(main, exited(1), 6s * i).event().event().ready();
  CHECK(scenario.life.state == State::running);
}

TEST_CASE("main that dies during post-start is respawned when post-start has ended") {
  auto respawning = job({main, post_start});
  respawning.respawn = true;
  Scenario scenario{respawning};
  scenario.running().story();
  CHECK(scenario.ended(main, exited(1)).story() == "respawning !respawn timer");
  CHECK(scenario.ended(post_start).story() == "timer-off !start stopping emit");
}

TEST_CASE("a start while a hook outlives main never ends in running without a main process") {
  auto respawning = job({main, post_start, pre_stop});
  respawning.respawn = true;
  Scenario after_start{respawning};
  after_start.running().ended(main, exited(1)).start().story();
  CHECK(after_start.ended(post_start).story() == "timer-off stopping emit");
  Scenario cancelled{job({main, pre_stop})};
  cancelled.running().stop().ended(main).start().story();
  CHECK(cancelled.ended(pre_stop).story() == "timer-off stopping emit");
  CHECK(cancelled.event().story() == "killed post-stopping end-strays post-stop starting emit");
}

TEST_CASE("main that ends before it was ready never leaves the job waiting") {
  auto forking = job({main});
  forking.expect = Expect::fork;
  Scenario failing{forking};
  failing.start().event().story();
  CHECK(failing.ended(main, exited(1)).story() == "FAILED release-failed !stop stopping emit");
  Scenario ending{forking};
  ending.start().event().story();
  CHECK(ending.ended(main, 0).story() == "!stop stopping emit");
  forking.respawn = true;
  Scenario respawning{forking};
  respawning.start().event().story();
  CHECK(respawning.ended(main, exited(1)).story() == "respawning stopping emit");
}

TEST_CASE("a stop does not wait for a readiness that may never come") {
  auto waiting = job({main});
  waiting.expect = Expect::stop;
  Scenario scenario{waiting};
  scenario.start().event().story();
  CHECK(scenario.stop().story() == "!stop stopping emit");
  CHECK(scenario.event().story() == "killed TERM timer");
}

TEST_CASE("post-stop that fails ends a restart") {
  Scenario scenario{job({main, post_stop})};
  scenario.running().restart().event().ended(main, killed_by(SIGTERM)).story();
  CHECK(scenario.ended(post_stop, exited(5)).story() == "FAILED release-failed !stop waiting stopped remove");
}

TEST_CASE("a restart of a running service shows the goal turning round in stopping") {
  Scenario scenario{job({main})};
  scenario.running().story();
  CHECK(scenario.restart().story() == "!stop pre-stopping pre-stop stopping emit !start");
  CHECK(scenario.event().story() == "killed TERM timer");
  CHECK(scenario.ended(main, killed_by(SIGTERM)).story() ==
        "timer-off post-stopping kill-strays post-stop starting emit");
}

TEST_CASE("a restart ends and starts main again in every state") {
  Scenario before{job({pre_start, main})};
  before.start().event().restart().story();
  CHECK(before.ended(pre_start).story() == "timer-off stopping emit !start");
  Scenario after{job({main, pre_stop})};
  after.running().restart().story();
  CHECK(after.ended(pre_stop).story() == "stopping emit !start");
}

TEST_CASE("the kill timeout ends a main process that does not listen") {
  Scenario scenario{job({main})};
  scenario.running().stop().event().story();
  CHECK(scenario.time_out().story() == "KILL");
  auto at_once = job({main});
  at_once.kill_timeout = 0s;
  Scenario impatient{at_once};
  impatient.running().stop().story();
  CHECK(impatient.event().story() == "killed KILL");
}

TEST_CASE("what main left behind has its place, and each is told of by its own process id") {
  Scenario scenario{job({main})};
  scenario.running()(input::MainMoved{11}).stop().event();
  scenario.seen.clear();
  scenario(input::MainLeftBehind{12})(input::MainLeftBehind{13});
  CHECK(scenario.life.process(main).pid == 13);
  scenario.time_out().ended(main, killed_by(SIGTERM));
  CHECK(scenario.life.rare->ended_main == 0);
  std::vector<std::string> texts;
  for (const auto& effect : scenario.seen) {
    if (const auto* log = std::get_if<effect::Log>(&effect)) texts.push_back(log->text);
    if (const auto* record = std::get_if<effect::Record>(&effect)) texts.push_back(record->text);
  }
  CHECK(texts ==
        std::vector<std::string>{
            " process 13, which main process (11) left behind, did not end within its kill timeout of 5 s; "
            "SIGKILL is sent",
            "a process that main process left behind did not end within its kill timeout of 5 s; SIGKILL is sent",
            " main process (11) killed by TERM signal"});
}

TEST_CASE("a main process that is told to end and asks for more time gets it, and is killed when that has passed") {
  Scenario scenario{job({main})};
  scenario.running()(input::TimeAsked{99s})
      .stop()
      .event()
      .story();                                            // what it asked for before it was told to end is void
  CHECK(scenario(input::TimeAsked{3s}, 1s).story() == ""); // there are five seconds anyway
  CHECK(scenario(input::TimeAsked{30s}, 2s).story() == "timer-off timer");
  CHECK(scenario.life.kill_deadline == 32s);
  CHECK(scenario.time_out().story() == "KILL");
}

TEST_CASE("failing tells the status as clients know it") {
  CHECK(failed_status(exited(3)) == 3);
  CHECK(failed_status(killed_by(SIGHUP)) == 256);
}

// What is owed is never dropped by a change of goal.

TEST_CASE(
    "a start while the post-start of a dead main process hangs is answered: the limit stays, and all begins anew") {
  Scenario scenario{job({main, post_start})};
  scenario.running().story();
  CHECK(scenario.ended(main, exited(1)).story() == "FAILED release-failed !stop timer");
  CHECK(scenario.start().story() == "!start");
  CHECK(scenario.time_out().story() == "KILL-post-start");
  CHECK(scenario.ended(post_start, killed_by(SIGKILL)).story() == "stopping emit");
  CHECK(scenario.event().story() == "killed post-stopping post-stop starting emit");
  CHECK(scenario.event().ready().ended(post_start).life.state == State::running);
}

TEST_CASE("a start does not drop the respawn that waits for post-start, nor its time limit") {
  auto respawning = job({main, post_start});
  respawning.respawn = true;
  Scenario scenario{respawning};
  scenario.running().ended(main, exited(1)).story();
  CHECK(scenario.start().story() == "!start");
  CHECK(scenario.life.kill_deadline);
  scenario.time_out();
  CHECK(scenario.ended(post_start, killed_by(SIGKILL)).life.state == State::stopping);
  CHECK(scenario.life.goal == Goal::start);
}

TEST_CASE("a pre-stop that a start has limited stays limited when main dies") {
  Scenario scenario{job({main, pre_stop})};
  scenario.running().stop().start().story();
  CHECK(scenario.ended(main).story() == "!stop");
  CHECK(scenario.life.kill_deadline);
}

// What the supervisor ended has not failed.

TEST_CASE("a post-stop that a stop had to kill does not fail the stop") {
  auto respawning = job({main, post_stop});
  respawning.respawn = true;
  Scenario scenario{respawning};
  scenario.running().ended(main, exited(1)).event().story();
  CHECK(scenario.stop().story() == "!stop timer");
  CHECK(scenario.time_out().story() == "KILL-post-stop");
  CHECK(scenario.ended(post_stop, killed_by(SIGKILL)).story() == "waiting stopped release remove");
  CHECK_FALSE(scenario.life.setbacks->failure);
}

TEST_CASE("a start during a slow post-stop starts the job when the post-stop was killed") {
  Scenario scenario{job({main, post_stop})};
  scenario.running().stop().event().ended(main).story();
  CHECK(scenario.start().story() == "!start timer");
  scenario.time_out();
  CHECK(scenario.ended(post_stop, killed_by(SIGKILL)).story() == "KILL-post-stop starting emit");
}

TEST_CASE("a preparation that was killed is made again when the goal has turned back") {
  for (auto preparation : {pre_start, tmpfiles, security}) {
    CAPTURE(preparation);
    JobClass prepared = job({main});
    if (preparation == pre_start) prepared = job({main, pre_start});
    if (preparation == tmpfiles) prepared.tmpfiles = {"files.conf"};
    if (preparation == security) prepared.apparmor_load = "profile";
    Scenario scenario{prepared};
    scenario.start().event().stop().time_out().start().story();
    CHECK(scenario.ended(preparation, killed_by(SIGKILL)).story() == "stopping emit");
    CHECK_FALSE(scenario.life.setbacks->failure);
    CHECK(scenario.event().life.state == State::starting);
    CHECK(scenario.event().life.alive(preparation));
  }
}

TEST_CASE("a pre-start that has done its work when it is killed is not made again") {
  Scenario scenario{job({main, pre_start})};
  scenario.start().event().stop().time_out().start().story();
  CHECK(scenario.ended(pre_start, 0).story() == "spawning +main spawned");
}

TEST_CASE("without a limit a main process that ends again and again is started after a pause, which doubles") {
  Scenario scenario{job({main})};
  scenario.of.respawn = true;
  scenario.of.respawn_limit.count = 0;
  MonotonicTime now = 0ms;
  scenario.running();
  for (int i = 0; i < 9; ++i) scenario.ended(main, exited(1), now).event().event().ready();
  scenario.story();
  for (auto pause : {100ms, 200ms, 400ms, 800ms, 1600ms, 3200ms, 6400ms, 10000ms, 10000ms}) {
    scenario.ended(main, exited(1), now).event().event();
    CHECK(scenario.life.setbacks->pausing);
    CHECK(scenario.life.kill_deadline == pause);
    CHECK(scenario.life.state == State::starting);
    scenario.time_out().ready();
    CHECK(scenario.life.state == State::running);
  }
  scenario.ended(main, exited(1), now + 10s).event().event().ready();
  CHECK(scenario.life.state == State::running); // it had run long enough
}

TEST_CASE("a stop and a restart do not wait for the pause before a respawn") {
  for (bool restarts : {false, true}) {
    Scenario scenario{job({main})};
    scenario.of.respawn = true;
    scenario.of.respawn_limit.interval = 0s;
    scenario.running();
    for (int i = 0; i < 9; ++i) scenario.ended(main, exited(1)).event().event().ready();
    scenario.ended(main, exited(1)).event().event();
    scenario.story();
    if (restarts) scenario.restart().event().event();
    else scenario.stop().event();
    CHECK_FALSE(scenario.life.setbacks->pausing);
    CHECK(scenario.life.state == (restarts ? State::spawned : State::waiting));
  }
}
