// What follows in every state under every goal, whatever happens: the whole of `step` as one table.
//
// The job has every process there is, so that it can come to rest wherever a job can. `ways` says how it gets to each
// pair of state and goal; `table` what then follows on each given, in the words of `story`. A triple that is not in
// the table is one that changes nothing and asks for nothing. That there are no other places of rest is found out by
// trying.
#include "daemons/job-supervisor/lifecycle/life-bytes.hpp"
#include "daemons/job-supervisor/lifecycle/scenario.hpp"

#include <doctest/doctest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

using namespace upstart::supervisor;
using upstart::supervisor::test::Scenario;
using namespace std::chrono_literals;
using enum State;

namespace {

enum class Given : std::uint8_t {
  start,
  stop,
  restart, // commands
  event,   // the starting or stopping event has finished
  ready,   // main is, as its expect says
  main_ok,
  main_bad,    // main ended with 0, with 1
  main_cannot, // main could not be executed
  hook_ok,
  hook_bad,    // the other process that is there ended with 0, with 1
  hook_cannot, // it could not be executed
  time_out,    // the kill timer
};
using enum Given;
using Way = std::vector<Given>;

constexpr std::array all_inputs{start,    stop,        restart, event,    ready,       main_ok,
                                main_bad, main_cannot, hook_ok, hook_bad, hook_cannot, time_out};
constexpr std::array names{"start",
                           "stop",
                           "restart",
                           "event",
                           "ready",
                           "main ends with 0",
                           "main ends with 1",
                           "main cannot",
                           "hook ends with 0",
                           "hook ends with 1",
                           "hook cannot",
                           "time-out"};
const char* name_of(Given given) { return names[static_cast<std::size_t>(given)]; }

struct Place {
  State state;
  Goal goal;
  auto operator<=>(const Place&) const = default;
};

std::string text(Place place) { return std::string{name_of(place.goal)} + "/" + std::string{name_of(place.state)}; }

JobClass job_with_everything(bool respawn) {
  JobClass job;
  for (std::size_t i = 0; i < process_kinds; ++i)
    if (!is_helper(static_cast<ProcessKind>(i))) job.commands[i] = Command{.text = "x"};
  job.apparmor_load = "profile";
  job.respawn = respawn;
  job.respawn_limit = {.count = 1, .interval = 5s};
  return job;
}

struct Lived {
  explicit Lived(bool respawn) : scenario{job_with_everything(respawn)} {}
  Scenario scenario;

  [[nodiscard]] const Life& life() const { return scenario.life; }
  [[nodiscard]] Place place() const { return {life().state, life().goal}; }
  [[nodiscard]] ProcessKind hook() const {
    for (std::size_t i = 1; i < process_kinds; ++i)
      if (life().processes[i].alive) return static_cast<ProcessKind>(i);
    return ProcessKind::pre_start; // none is there: the job is told nonsense, and must not mind
  }
  // An event, a process, or in running and waiting whoever wants something of it.
  [[nodiscard]] bool waits_for_something() const {
    bool at_rest = life().state == running || life().state == waiting;
    return at_rest || life().awaited_event || awaited_process(life());
  }
  std::string happen(Given given) {
    constexpr int bad = 1 << 8;
    switch (given) {
    case start: return scenario.start().story();
    case stop: return scenario.stop().story();
    case restart: return scenario.restart().story();
    case event: return scenario.event().story();
    case ready: return scenario.ready().story();
    case main_ok: return scenario.ended(ProcessKind::main).story();
    case main_bad: return scenario.ended(ProcessKind::main, bad).story();
    case main_cannot: return scenario.cannot(ProcessKind::main).story();
    case hook_ok: return scenario.ended(hook()).story();
    case hook_bad: return scenario.ended(hook(), bad).story();
    case hook_cannot: return scenario.cannot(hook()).story();
    case time_out: return scenario.time_out().story();
    }
    return {};
  }
};

// Without respawn; where goal respawn is meant, with it.
const std::map<Place, Way> ways{
    {{waiting, Goal::stop}, {}},
    {{starting, Goal::start}, {start}},
    {{starting, Goal::stop}, {start, stop}},
    {{security, Goal::start}, {start, event}},
    {{security, Goal::stop}, {start, event, stop}},
    {{pre_start, Goal::start}, {start, event, hook_ok}},
    {{pre_start, Goal::stop}, {start, event, hook_ok, stop}},
    {{spawned, Goal::start}, {start, event, hook_ok, hook_ok}},
    {{spawned, Goal::stop}, {start, event, hook_ok, hook_ok, stop}},
    {{post_start, Goal::start}, {start, event, hook_ok, hook_ok, ready}},
    {{post_start, Goal::stop}, {start, event, hook_ok, hook_ok, ready, stop}},
    {{post_start, Goal::respawn}, {start, event, hook_ok, hook_ok, ready, main_bad}},
    {{running, Goal::start}, {start, event, hook_ok, hook_ok, ready, hook_ok}},
    {{pre_stop, Goal::stop}, {start, event, hook_ok, hook_ok, ready, hook_ok, stop}},
    {{pre_stop, Goal::start}, {start, event, hook_ok, hook_ok, ready, hook_ok, stop, start}},
    {{pre_stop, Goal::respawn}, {start, event, hook_ok, hook_ok, ready, hook_ok, stop, start, main_bad}},
    {{stopping, Goal::stop}, {start, event, hook_ok, hook_ok, ready, hook_ok, stop, hook_ok}},
    {{stopping, Goal::start}, {start, event, hook_ok, hook_ok, ready, hook_ok, restart, hook_ok}},
    {{killed, Goal::stop}, {start, event, hook_ok, hook_ok, ready, hook_ok, stop, hook_ok, event}},
    {{killed, Goal::start}, {start, event, hook_ok, hook_ok, ready, hook_ok, restart, hook_ok, event}},
    {{post_stop, Goal::stop}, {start, event, hook_ok, hook_ok, ready, hook_ok, stop, hook_ok, event, main_ok}},
    {{post_stop, Goal::start}, {start, event, hook_ok, hook_ok, ready, hook_ok, restart, hook_ok, event, main_ok}},
};

const std::string begin_starting = "starting emit";
const std::string to_pre_start = "pre-starting +pre-start pre-start";
const std::string to_spawned = "spawning +main spawned";
const std::string to_post_start = "post-starting +post-start post-start";
const std::string to_running = "running started release";
const std::string to_pre_stop = "pre-stopping +pre-stop pre-stop";
const std::string to_stopping = "stopping emit";
const std::string to_killed = "killed TERM timer";
const std::string to_post_stop = "post-stopping kill-strays +post-stop post-stop"; // main was killed
const std::string past_main = "post-stopping +post-stop post-stop"; // main had ended by itself, or never was
const std::string the_end = "waiting stopped release remove";
const std::string end_unheard = "waiting stopped remove"; // whoever waited has been told of the failure
const std::string fails = "FAILED release-failed";

struct Triple {
  State state;
  Goal goal;
  Given given;
  std::string follows;
};

const std::vector<Triple> table{
    {waiting, Goal::stop, start, "!start " + begin_starting},

    {starting, Goal::start, stop, "!stop"},
    {starting, Goal::start, restart, "!stop"}, // and when the event has finished, round by way of stopping
    {starting, Goal::start, event, "security-spawning +security security"},
    {starting, Goal::stop, start, "!start"},
    {starting, Goal::stop, event, to_stopping},

    {security, Goal::start, stop, "!stop timer"},
    {security, Goal::start, restart, "!stop timer"},
    {security, Goal::start, hook_ok, to_pre_start},
    {security, Goal::start, hook_bad, to_pre_start}, // the loader's outcome is ignored
    {security, Goal::start, hook_cannot, fails + " !stop " + to_stopping},
    {security, Goal::stop, start, "!start timer-off"},
    {security, Goal::stop, hook_ok, "timer-off " + to_stopping},
    {security, Goal::stop, hook_bad, "timer-off " + to_stopping},
    {security, Goal::stop, hook_cannot, "timer-off " + fails + " " + to_stopping},
    {security, Goal::stop, time_out, "KILL-security"},

    {pre_start, Goal::start, stop, "!stop timer"},
    {pre_start, Goal::start, restart, "!stop timer"},
    {pre_start, Goal::start, hook_ok, to_spawned},
    {pre_start, Goal::start, hook_bad, fails + " !stop " + to_stopping},
    {pre_start, Goal::start, hook_cannot, fails + " !stop " + to_stopping},
    {pre_start, Goal::stop, start, "!start timer-off"},
    {pre_start, Goal::stop, hook_ok, "timer-off " + to_stopping},
    {pre_start, Goal::stop, hook_bad, "timer-off " + fails + " " + to_stopping},
    {pre_start, Goal::stop, hook_cannot, "timer-off " + fails + " " + to_stopping},
    {pre_start, Goal::stop, time_out, "KILL-pre-start"},

    {spawned, Goal::start, stop, "!stop"}, // main without expect is ready as soon as it is executed
    {spawned, Goal::start, restart, "!stop"},
    {spawned, Goal::start, ready, to_post_start},
    {spawned, Goal::start, main_ok, "!stop " + to_stopping},
    {spawned, Goal::start, main_bad, fails + " !stop " + to_stopping},
    {spawned, Goal::start, main_cannot, fails + " !stop " + to_stopping},
    {spawned, Goal::stop, start, "!start"},
    {spawned, Goal::stop, ready, to_stopping},
    {spawned, Goal::stop, main_ok, to_stopping},
    {spawned, Goal::stop, main_bad, to_stopping}, // it was to be stopped anyway
    {spawned, Goal::stop, main_cannot, fails + " " + to_stopping},

    {post_start, Goal::start, stop, "!stop timer"},
    {post_start, Goal::start, restart, "!stop timer"},
    {post_start, Goal::start, main_ok, "!stop timer"}, // the state waits for its process
    {post_start, Goal::start, main_bad, fails + " !stop timer"},
    {post_start, Goal::start, main_cannot, fails + " !stop timer"}, // told late, here and below
    {post_start, Goal::start, hook_ok, to_running},
    {post_start, Goal::start, hook_bad, to_running}, // its outcome is ignored
    {post_start, Goal::start, hook_cannot, to_running},
    {post_start, Goal::stop, start, "!start timer-off"},
    {post_start, Goal::stop, main_cannot, fails},
    {post_start, Goal::stop, hook_ok, "timer-off " + to_stopping},
    {post_start, Goal::stop, hook_bad, "timer-off " + to_stopping},
    {post_start, Goal::stop, hook_cannot, "timer-off " + to_stopping},
    {post_start, Goal::stop, time_out, "KILL-post-start"},
    {post_start, Goal::respawn, start, "!start"},
    {post_start, Goal::respawn, stop, "!stop"},
    {post_start, Goal::respawn, restart, "!stop"},
    {post_start, Goal::respawn, hook_ok, "timer-off !start " + to_stopping},
    {post_start, Goal::respawn, hook_bad, "timer-off !start " + to_stopping},
    {post_start, Goal::respawn, hook_cannot, "timer-off !start " + to_stopping},
    {post_start, Goal::respawn, time_out, "KILL-post-start"},

    {running, Goal::start, stop, "!stop " + to_pre_stop},
    {running, Goal::start, restart, "!stop " + to_pre_stop},
    {running, Goal::start, main_ok, "!stop " + to_stopping},
    {running, Goal::start, main_bad, fails + " !stop " + to_stopping},
    {running, Goal::start, main_cannot, fails + " !stop " + to_stopping},

    {pre_stop, Goal::stop, start, "!start timer"},
    {pre_stop, Goal::stop, main_cannot, fails},
    {pre_stop, Goal::stop, hook_ok, to_stopping},
    {pre_stop, Goal::stop, hook_bad, to_stopping}, // its outcome is ignored
    {pre_stop, Goal::stop, hook_cannot, to_stopping},
    {pre_stop, Goal::start, stop, "!stop timer-off"},
    {pre_stop, Goal::start, restart, "!stop timer-off"},
    {pre_stop, Goal::start, main_ok, "!stop"},
    {pre_stop, Goal::start, main_bad, fails + " !stop"},
    {pre_stop, Goal::start, main_cannot, fails + " !stop"},
    {pre_stop, Goal::start, hook_ok, "timer-off running release"},
    {pre_stop, Goal::start, hook_bad, "timer-off running release"},
    {pre_stop, Goal::start, hook_cannot, "timer-off running release"},
    {pre_stop, Goal::start, time_out, "KILL-pre-stop"},
    {pre_stop, Goal::respawn, start, "!start"},
    {pre_stop, Goal::respawn, stop, "!stop"},
    {pre_stop, Goal::respawn, restart, "!stop"},
    {pre_stop, Goal::respawn, hook_ok, "timer-off !start " + to_stopping},
    {pre_stop, Goal::respawn, hook_bad, "timer-off !start " + to_stopping},
    {pre_stop, Goal::respawn, hook_cannot, "timer-off !start " + to_stopping},
    {pre_stop, Goal::respawn, time_out, "KILL-pre-stop"},

    {stopping, Goal::stop, start, "!start"},
    {stopping, Goal::stop, event, to_killed},
    {stopping, Goal::stop, main_cannot, fails},
    {stopping, Goal::start, stop, "!stop"},
    {stopping, Goal::start, event, to_killed},
    {stopping, Goal::start, main_cannot, fails + " !stop"},

    {killed, Goal::stop, start, "!start"},
    {killed, Goal::stop, main_ok, "timer-off " + to_post_stop},
    {killed, Goal::stop, main_bad, "timer-off " + to_post_stop}, // any end is normal here
    {killed, Goal::stop, main_cannot, "timer-off " + fails + " " + to_post_stop},
    {killed, Goal::stop, time_out, "KILL"},
    {killed, Goal::start, stop, "!stop"},
    {killed, Goal::start, main_ok, "timer-off " + to_post_stop},
    {killed, Goal::start, main_bad, "timer-off " + to_post_stop},
    {killed, Goal::start, main_cannot, "timer-off " + fails + " !stop " + to_post_stop},
    {killed, Goal::start, time_out, "KILL"},

    {post_stop, Goal::stop, start, "!start timer"},
    {post_stop, Goal::stop, hook_ok, the_end},
    {post_stop, Goal::stop, hook_bad, fails + " " + end_unheard},
    {post_stop, Goal::stop, hook_cannot, fails + " " + end_unheard},
    {post_stop, Goal::start, stop, "!stop timer"},
    {post_stop, Goal::start, hook_ok, begin_starting},
    {post_stop, Goal::start, hook_bad, fails + " !stop " + end_unheard},
    {post_stop, Goal::start, hook_cannot, fails + " !stop " + end_unheard},
};

} // namespace

TEST_CASE("every triple of state, goal and given") {
  std::map<std::pair<Place, Given>, std::string> expected;
  for (const auto& row : table) {
    REQUIRE(ways.contains({row.state, row.goal}));
    REQUIRE(expected.emplace(std::pair{Place{row.state, row.goal}, row.given}, row.follows).second);
  }
  for (const auto& [place, way] : ways)
    for (auto given : all_inputs) {
      Lived lived{place.goal == Goal::respawn};
      for (auto step : way) lived.happen(step);
      REQUIRE_MESSAGE(lived.place() == place, text(place) << " is " << text(lived.place()));
      auto row = expected.find({place, given});
      std::string wanted = row == expected.end() ? "" : row->second;
      CHECK_MESSAGE(lived.happen(given) == wanted, (text(place) + ", " + name_of(given)));
    }
}

// What decides about the future, without what only counts: two lives with the same form go on alike.
std::string form_of(Life life) {
  if (life.waiting)
    for (auto& caller : life.waiting.edit().callers) caller.id = 0;
  life.last_ticket = 0;
  if (life.awaited_event) life.awaited_event = 0;
  if (life.rare) life.rare.edit().ignored_failures.clear();
  if (auto respawns = life.setbacks->respawns; respawns > 2)
    life.setbacks.edit().respawns = 2; // beyond the limit of this job
  return to_bytes(life);
}

// Wherever inputs lead, a job rests in a place that the table knows, and never in one that waits for nothing. A life is
// a value: every one that can be reached is looked at once.
TEST_CASE("there is no other place of rest") {
  for (bool respawn : {false, true}) {
    std::set<Place> seen;
    std::set<std::string> known;
    std::vector<Lived> open{Lived{respawn}};
    while (!open.empty()) {
      auto lived = std::move(open.back());
      open.pop_back();
      seen.insert(lived.place());
      CHECK_MESSAGE(ways.contains(lived.place()), text(lived.place()));
      CHECK_MESSAGE(lived.waits_for_something(), text(lived.place()));
      for (auto given : all_inputs) {
        auto next = lived;
        next.happen(given);
        if (known.insert(form_of(next.life())).second) open.push_back(std::move(next));
      }
    }
    CHECK(seen.size() >= ways.size() - (respawn ? 0 : 2)); // all but the two of goal respawn
    CHECK(known.size() > 100);
  }
}
