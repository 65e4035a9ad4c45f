#include "daemons/timer-bridge/core/timer-table.hpp"

#include "daemons/bridge/testing/recording-memory.hpp"

#include <doctest/doctest.h>

#include <utility>

using namespace upstart;
using namespace upstart::timer_bridge;
using namespace std::chrono;
using namespace std::chrono_literals;
using Words = std::vector<std::string>;

namespace {

struct Utc final : Zone {
  [[nodiscard]] seconds offset_at(WallTime) const override { return 0s; }
};

// A machine whose clocks a test moves, and tables that live on it one after the other.
struct World final : bridge::RecordingMemory {
  PreciseTime wall = sys_days{2026y / 11 / 26} + 10h;
  Milliseconds monotonic = 1h;
  std::string boot = "first";
  TimerTable::LastTimes last;
  std::vector<bridge::JobConditions> jobs;
  std::optional<TimerTable> table;

  World() { start(); }
  [[nodiscard]] Now now() const { return {wall, monotonic}; }
  void start() {
    if (table) last = table->last_times();
    auto before = records;
    table.emplace(*this, before, boot, last, [](const auto&) { return std::make_shared<Utc>(); });
  }
  void restart() {
    start();
    (void)table->jobs_changed({.changed = jobs, .gone = {}, .activity = {}}, now());
    table->time_reached(now());
  }
  void boot_again(Milliseconds off) {
    boot += "+";
    records.clear();
    wall += off;
    monotonic = 5s;
    restart();
  }
  std::vector<bridge::ConditionWarning> set_job(const std::string& name, const Words& words) {
    std::erase_if(jobs, [&](const auto& job) { return job.job == name; });
    bridge::ConditionsUpdate update;
    if (words.empty()) {
      update.gone.push_back(name);
    } else {
      jobs.push_back({.job = name, .matches = {{"timer", words, true}}});
      update.changed.push_back(jobs.back());
    }
    auto warnings = table->jobs_changed(update, now());
    table->time_reached(now());
    return warnings;
  }
  // Time passes, and the table is asked whenever it wants to be.
  Words pass(Milliseconds time) {
    auto end = wall + time;
    while (auto due = table->due(now())) {
      if (*due > end) break;
      monotonic += *due - wall;
      wall = *due;
      table->time_reached(now());
    }
    monotonic += end - wall;
    wall = end;
    return std::exchange(events, {});
  }
  Words set_clock(Milliseconds by) {
    wall += by;
    table->time_reached(now());
    return std::exchange(events, {});
  }
};

} // namespace

TEST_CASE("EVERY counts from the registration of the job, over a restart of the bridge") {
  World world;
  (void)world.set_job("x", {"EVERY=15m"});
  CHECK(world.pass(14min).empty());
  world.restart();
  CHECK(world.pass(1min) == Words{"timer EVERY=15m TIME=2026-11-26T10:15:00+00:00 MISSED=0"});
  CHECK(world.pass(30min).size() == 2);
  (void)world.set_job("x", {});
  CHECK(world.pass(2h).empty());
  CHECK_FALSE(world.table->due(world.now()));
}

TEST_CASE("EVERY does not mind when the clock is set") {
  World world;
  (void)world.set_job("x", {"EVERY=15m"});
  CHECK(world.set_clock(3h).empty());
  CHECK(world.set_clock(-5h).empty());
  CHECK(world.pass(15min).size() == 1);
}

TEST_CASE("times of EVERY that passed while there was no bridge are one event that says how many more were missed") {
  World world;
  (void)world.set_job("x", {"EVERY=1m"});
  world.wall += 3min + 20s;
  world.monotonic += 3min + 20s;
  world.restart();
  CHECK(world.pass(0s) == Words{"timer EVERY=1m TIME=2026-11-26T10:03:00+00:00 MISSED=2"});
  CHECK(world.pass(40s).size() == 1);
}

TEST_CASE("JITTER makes each time later by less than itself, and the next time is not moved by it") {
  World world;
  (void)world.set_job("x", {"EVERY=10m", "JITTER=2m"});
  for (int round = 1; round <= 20; ++round) {
    auto due = *world.table->due(world.now()) - (sys_days{2026y / 11 / 26} + 10h);
    CHECK(due >= 10min * round);
    CHECK(due <= 10min * round + 2min);
    world.pass(due + (sys_days{2026y / 11 / 26} + 10h) - world.wall);
  }
}

TEST_CASE("a calendar time comes at its time") {
  World world;
  (void)world.set_job("x", {"AT=Mon..Fri 08:00"});
  CHECK(world.pass(72h) == Words{"timer AT=Mon..Fri 08:00 TIME=2026-11-27T08:00:00+00:00 MISSED=0"});
}

TEST_CASE("what passed while the machine was off is made up for once") {
  World world;
  (void)world.set_job("x", {"AT=03:30"});
  (void)world.set_job("no", {"AT=03:30", "CATCHUP=no"});
  world.pass(0s);
  world.boot_again(72h);
  CHECK(world.pass(0s) == Words{"timer AT=03:30 TIME=2026-11-29T03:30:00+00:00 MISSED=3"});
  world.restart();
  CHECK(world.pass(0s).empty());
  CHECK(world.pass(24h).size() == 2);
}

TEST_CASE("the last time of a condition that no job asked for any more makes up for nothing when one asks again") {
  World world;
  world.table.reset();
  world.last = {{"AT=03:30", WallTime{sys_days{2025y / 11 / 26}}}};
  world.restart();
  CHECK(world.table->last_times().empty());
  (void)world.set_job("x", {"AT=03:30"});
  CHECK(world.pass(0s).empty());
  CHECK(world.pass(24h).size() == 1);
}

TEST_CASE("a time that is told a little late is not missed, nor told twice by the next bridge") {
  World world;
  (void)world.set_job("x", {"AT=10:30"});
  world.wall += 30min + 10s;
  world.monotonic += 30min + 10s;
  auto before = world.last;
  world.restart();
  CHECK(world.pass(0s) == Words{"timer AT=10:30 TIME=2026-11-26T10:30:00+00:00 MISSED=0"});
  world.table.reset(); // before the file of last times was written
  world.last = before;
  world.restart();
  CHECK(world.pass(1h).empty());
}

TEST_CASE("the clock set back runs no time twice, set forward makes up for what was skipped") {
  World world;
  (void)world.set_job("x", {"AT=10:30"});
  CHECK(world.pass(40min).size() == 1);
  CHECK(world.set_clock(-30min).empty());
  CHECK(world.pass(1h).empty());
  CHECK(world.set_clock(24h) == Words{"timer AT=10:30 TIME=2026-11-27T10:30:00+00:00 MISSED=1"});
}

TEST_CASE("a clock that was wrong by years does not hold up a timer when it is put right") {
  World world;
  (void)world.set_job("x", {"AT=10:30"});
  world.set_clock(24h * 3000);
  world.pass(24h);
  CHECK(world.set_clock(-24h * 3000).empty());
  CHECK(world.pass(24h).size() == 1);
}

TEST_CASE("AFTER comes once after each event, also over a restart, and not twice for an event told twice") {
  World world;
  (void)world.set_job("x", {"AFTER=a", "DELAY=10m"});
  CHECK(world.table->events() == std::set<std::string>{"a"});
  world.table->event_seen({1, "a", world.wall}, world.now());
  CHECK(world.pass(5min).empty());
  world.table->event_seen({2, "a", world.wall}, world.now());
  world.restart();
  world.table->event_seen({2, "a", world.wall}, world.now());
  CHECK(world.pass(1h) == Words{"timer AFTER=a DELAY=10m TIME=2026-11-26T10:10:00+00:00 MISSED=0",
                                "timer AFTER=a DELAY=10m TIME=2026-11-26T10:15:00+00:00 MISSED=0"});
}

TEST_CASE("an event that came before the job counts if its time is still to come") {
  World world;
  (void)world.set_job("x", {"AFTER=startup", "DELAY=15m"});
  REQUIRE(world.table->wants_events_before());
  world.table->events_before(
      {{1, "startup", world.wall - 20min}, {2, "startup", world.wall - 5min}, {3, "b", world.wall}}, world.now());
  CHECK_FALSE(world.table->wants_events_before());
  CHECK(world.pass(1h) == Words{"timer AFTER=startup DELAY=15m TIME=2026-11-26T10:10:00+00:00 MISSED=0"});
  world.restart();
  CHECK_FALSE(world.table->wants_events_before());
}

TEST_CASE(
    "an event that came before the job is asked for again by the bridge that follows one that was killed before it "
    "knew") {
  World world;
  (void)world.set_job("x", {"AFTER=startup", "DELAY=15m"});
  world.table->event_seen({2, "startup", world.wall}, world.now());
  world.restart();
  REQUIRE(world.table->wants_events_before());
  world.table->events_before({{1, "startup", world.wall - 5min}, {2, "startup", world.wall}}, world.now());
  world.restart();
  CHECK_FALSE(world.table->wants_events_before());
  CHECK(world.pass(1h) == Words{"timer AFTER=startup DELAY=15m TIME=2026-11-26T10:10:00+00:00 MISSED=0",
                                "timer AFTER=startup DELAY=15m TIME=2026-11-26T10:15:00+00:00 MISSED=0"});
}

TEST_CASE("jobs with the same condition share its timer") {
  World world;
  (void)world.set_job("x", {"EVERY=15m"});
  world.pass(5min);
  (void)world.set_job("y", {"EVERY=15m"});
  CHECK(world.pass(10min).size() == 1);
  auto report = world.table->report(world.now());
  REQUIRE(report.size() == 1);
  CHECK(report[0].condition == "EVERY=15m");
  CHECK(report[0].jobs == Words{"x", "y"});
  CHECK(report[0].next == world.wall + 15min);
  CHECK(report[0].last == world.wall);
}

TEST_CASE("a condition that cannot be served is told with its job") {
  World world;
  auto warnings = world.set_job("x", {"EVERY=never"});
  REQUIRE(warnings.size() == 1);
  CHECK(warnings[0].text ==
        "job x: EVERY in its timer condition: `never' is no time span, such as 90s, 15m, 1h 30m, 2d; this "
        "timer does not run");
}
