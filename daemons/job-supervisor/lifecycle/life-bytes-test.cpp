#include "daemons/job-supervisor/lifecycle/life-bytes.hpp"

#include <doctest/doctest.h>

using namespace upstart::supervisor;

namespace {

Life full_life() {
  Life life;
  life.instance = "eth0";
  life.goal = Goal::respawn;
  life.state = State::post_start;
  life.previous_state = State::post_starting;
  life.awaited_event = 7;
  life.last_ticket = 7;
  life.process(ProcessKind::post_start) = {.alive = true, .pid = 4711};
  life.hook_goal = Goal::start;
  life.hook_killed = true;
  life.main_killed = true;
  life.kill_deadline = MonotonicTime{123456};
  life.restart_pending = true;
  life.stop_requested = true;
  auto& setbacks = life.setbacks.edit();
  setbacks.failure = Failure{.process = ProcessKind::main, .wait_status = -1};
  setbacks.respawned_after = Failure{.process = ProcessKind::main, .wait_status = 11};
  life.may_respawn = false;
  setbacks.respawns = 3;
  setbacks.first_respawn = MonotonicTime{99};
  setbacks.quick_ends = 12;
  life.main_started = MonotonicTime{101};
  setbacks.respawn_pause = MonotonicTime{400};
  setbacks.pausing = true;
  life.environment = upstart::protocol::Environment{{"A=1", "B="}};
  auto& parts = life.rare.edit();
  parts.stop_environment = upstart::protocol::Environment{{"C=\xff"}};
  parts.files = {5, 6};
  parts.positional = {"one", ""};
  parts.pending_start = StartParameters{.environment = upstart::protocol::Environment{{"D=4"}}, .files = {7}};
  life.waiting.edit().blocked_events = {10, 11};
  life.waiting.edit().callers = {{.id = 12, .command = CommandKind::restart}};
  life.stop_on = ExpressionState{{0, 10, 0}};
  parts.status_text = "warming up";
  parts.ignored_failures = {"post-start process terminated with status 1"};
  parts.ended_main = 4712;
  return life;
}

} // namespace

TEST_CASE("a life comes back from its bytes as it was") {
  CHECK(life_of_bytes(to_bytes(Life{})) == Life{});
  CHECK(life_of_bytes(to_bytes(full_life())) == full_life());
}

TEST_CASE("bytes that are no life are refused with the reason, wherever they end") {
  auto bytes = to_bytes(full_life());
  auto as_before = full_life(); // an earlier version did not know of a main process that has ended
  as_before.rare.edit().ended_main = 0;
  auto earlier = to_bytes(as_before);
  CHECK(life_of_bytes(earlier) == as_before);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    CAPTURE(size);
    if (size == earlier.size()) continue;
    CHECK_FALSE(life_of_bytes(bytes.substr(0, size)));
  }
  CHECK(life_of_bytes(bytes + "x").error() == "a record goes on after its end");
}

TEST_CASE("a life in another form is refused, and the error names both") {
  auto bytes = to_bytes(Life{});
  bytes[0] = static_cast<char>(life_format + 1);
  CHECK(life_of_bytes(bytes).error() == "a job is written in form 2, and form 1 is known here");
}
