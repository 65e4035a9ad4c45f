#include "daemons/init/lifecycle/lifecycle.hpp"

#include <doctest/doctest.h>

#include <csignal>

using namespace upstart::init;
using namespace std::chrono_literals;
using enum Daemon;

namespace {

constexpr auto second = static_cast<Daemon>(static_cast<std::size_t>(bridge) + 1);

Lifecycle::Time at(std::chrono::milliseconds since_begin) { return Lifecycle::Time{} + since_begin; }

// All daemons started and, but for the bus, ready at time 0.
Lifecycle running(bool with_bus = false) {
  Lifecycle life{with_bus};
  (void)life.begin(at(0ms));
  (void)life.bridges_wanted({bridge}, at(0ms));
  for (auto daemon : {broker, supervisor, bridge}) (void)life.ready(daemon, at(0ms));
  return life;
}

// The same, with the end asked for and the supervisor gone in that way.
Lifecycle dismissing(Ending how, bool with_bus = false) {
  auto life = running(with_bus);
  (void)life.end_asked();
  (void)life.died(supervisor, how, at(1s));
  return life;
}

} // namespace

TEST_CASE("the bus comes first, then broker and supervisor, none waiting for another") {
  CHECK(Lifecycle{true}.begin(at(0ms)) == Actions{Start{bus, false}, Start{broker, false}, Start{supervisor, false}});
  CHECK(Lifecycle{false}.begin(at(0ms)) == Actions{Start{broker, false}, Start{supervisor, false}});
}

TEST_CASE("a bridge is started when jobs begin to ask for it, and once") {
  Lifecycle life{false};
  (void)life.begin(at(0ms));
  CHECK(life.bridges_wanted({}, at(1ms)).empty());
  CHECK(life.bridges_wanted({second, bridge}, at(1ms)) == Actions{Start{bridge, false}, Start{second, false}});
  CHECK(life.bridges_wanted({second, bridge}, at(1ms)).empty());
}

TEST_CASE("a bridge that no job asks for any more goes on for a while, and is then told to go") {
  auto life = running();
  CHECK(life.bridges_wanted({}, at(1s)) == Actions{Linger{bridge, 5s}});
  CHECK(life.died(bridge, Ending::crashed, at(2s)) == Actions{Start{bridge, true}, Linger{bridge, 5s}});
  CHECK(life.pause_over(bridge, at(7s)) == Actions{Send{bridge, SIGTERM}});
  CHECK(life.died(bridge, Ending::clean, at(8s)) == Actions{Discard{bridge}});
  CHECK(life.bridges_wanted({bridge}, at(9s)) == Actions{Start{bridge, true}});
}

TEST_CASE("a bridge that ends by itself when nobody asks for it any more is not started again") {
  auto life = running();
  (void)life.bridges_wanted({}, at(1s));
  CHECK(life.died(bridge, Ending::clean, at(2s)) == Actions{Discard{bridge}});
  CHECK(life.pause_over(bridge, at(6s)).empty());
}

TEST_CASE("a bridge that a client asks for is started, and told to go after a while if no job asks for it") {
  Lifecycle life{false};
  (void)life.begin(at(0ms));
  CHECK(life.bridge_asked(bridge, at(1s)) == Actions{Start{bridge, false}, Linger{bridge, 60s}});
  CHECK(life.bridge_asked(bridge, at(2s)) == Actions{Linger{bridge, 60s}});
  CHECK(life.pause_over(bridge, at(62s)) == Actions{Send{bridge, SIGTERM}});
  (void)life.died(bridge, Ending::clean, at(63s));
  CHECK(life.bridge_asked(bridge, at(64s)) == Actions{Start{bridge, false}, Linger{bridge, 60s}});
  CHECK(life.bridges_wanted({bridge}, at(65s)).empty());
  CHECK(life.bridge_asked(bridge, at(66s)).empty());
}

TEST_CASE("a bridge that is asked for again meanwhile stays, or is started again when it has gone") {
  auto life = running();
  (void)life.bridges_wanted({}, at(1s));
  CHECK(life.bridges_wanted({bridge}, at(2s)).empty());
  CHECK(life.pause_over(bridge, at(6s)).empty());
  (void)life.bridges_wanted({}, at(7s));
  (void)life.pause_over(bridge, at(12s));
  CHECK(life.bridges_wanted({bridge}, at(13s)).empty());
  CHECK(life.died(bridge, Ending::clean, at(14s)) == Actions{Start{bridge, true}});
}

TEST_CASE("what jobs ask for while a bridge waits to be started again changes nothing about the wait") {
  auto life = running();
  for (int death = 0; death < 4; ++death) (void)life.died(bridge, Ending::crashed, at(1ms));
  CHECK(life.bridges_wanted({}, at(1ms)).empty());
  CHECK(life.bridges_wanted({bridge}, at(1ms)).empty());
  CHECK(life.pause_over(bridge, at(1s)) == Actions{Start{bridge, true}});
}

TEST_CASE("a bridge that is not installed is looked for again when jobs are told anew") {
  Lifecycle life{false};
  (void)life.bridges_wanted({bridge}, at(1ms));
  CHECK(life.not_installed(bridge).empty());
  CHECK(life.bridges_wanted({bridge}, at(2ms)) == Actions{Start{bridge, false}});
}

TEST_CASE("at the end no bridge is started") {
  auto life = dismissing(Ending::clean);
  CHECK(life.bridges_wanted({second}, at(2s)).empty());
}

TEST_CASE("the session is announced when the supervisor is ready, once") {
  Lifecycle life{false};
  (void)life.begin(at(0ms));
  CHECK(life.ready(broker, at(1ms)).empty());
  CHECK(life.ready(supervisor, at(2ms)) == Actions{Announce{}});
  CHECK(life.ready(supervisor, at(3ms)).empty());
  CHECK(life.died(supervisor, Ending::crashed, at(1s)) == Actions{Start{supervisor, true}});
  CHECK(life.ready(supervisor, at(2s)).empty());
}

TEST_CASE("a daemon that dies is started again at once") {
  for (auto daemon : {broker, supervisor, bridge}) {
    auto life = running();
    CHECK(life.died(daemon, Ending::crashed, at(5s)) == Actions{Start{daemon, true}});
  }
}

TEST_CASE("a clean exit that was not announced is a death like others") {
  auto life = running();
  CHECK(life.died(supervisor, Ending::clean, at(5s)) == Actions{Start{supervisor, true}});
}

TEST_CASE("a supervisor that died before it was ready starts as if for the first time") {
  Lifecycle life{false};
  (void)life.begin(at(0ms));
  CHECK(life.died(supervisor, Ending::crashed, at(1ms)) == Actions{Start{supervisor, false}});
}

TEST_CASE("the pause grows while a daemon dies again and again, and never becomes giving up") {
  auto life = running();
  std::vector<std::chrono::milliseconds> pauses;
  for (int death = 0; death < 14; ++death) {
    auto actions = life.died(bridge, Ending::crashed, at(1ms));
    REQUIRE(actions.size() == 1);
    if (auto* pause = std::get_if<Pause>(&actions.front())) {
      pauses.push_back(pause->length);
      CHECK(life.pause_over(bridge, at(1ms)) == Actions{Start{bridge, true}});
    } else {
      pauses.push_back(0ms);
    }
  }
  CHECK(pauses == std::vector{0ms, 0ms, 0ms, 100ms, 200ms, 400ms, 800ms, 1600ms, 3200ms, 6400ms, 10000ms, 10000ms,
                              10000ms, 10000ms});
}

TEST_CASE("a daemon that is killed often but was ready for a while each time never has to wait") {
  auto life = running();
  for (int death = 1; death < 20; ++death) {
    auto moment = at(300ms * death);
    CHECK(life.died(supervisor, Ending::crashed, moment) == Actions{Start{supervisor, true}});
    (void)life.ready(supervisor, moment);
  }
}

TEST_CASE("a daemon that is slow to be ready has not proved itself until it has run for long") {
  auto life = running();
  for (int death = 0; death < 3; ++death) (void)life.died(broker, Ending::crashed, at(1ms));
  CHECK(life.died(broker, Ending::crashed, at(9s)) == Actions{Pause{broker, 100ms}});
  (void)life.pause_over(broker, at(9s));
  CHECK(life.died(broker, Ending::crashed, at(20s)) == Actions{Start{broker, true}});
}

TEST_CASE("a signal waits until the daemon is ready for signals") {
  Lifecycle life{false};
  (void)life.begin(at(0ms));
  CHECK(life.pass_on(supervisor, SIGHUP).empty());
  CHECK(life.pass_on(supervisor, SIGHUP).empty());
  CHECK(life.ready(supervisor, at(1ms)) == Actions{Announce{}, Send{supervisor, SIGHUP}});
  CHECK(life.pass_on(supervisor, SIGHUP) == Actions{Send{supervisor, SIGHUP}});
}

TEST_CASE("asked to replace the daemons, each is killed when the new one before it is ready, the supervisor last") {
  auto life = running(true);
  CHECK(life.replace_asked() == Actions{Send{broker, SIGKILL}});
  CHECK(life.died(broker, Ending::crashed, at(1s)) == Actions{Start{broker, true}});
  CHECK(life.ready(broker, at(2s)) == Actions{Send{bridge, SIGKILL}});
  CHECK(life.died(bridge, Ending::crashed, at(3s)) == Actions{Start{bridge, true}});
  CHECK(life.ready(bridge, at(4s)) == Actions{Send{supervisor, SIGKILL}});
  CHECK(life.died(supervisor, Ending::crashed, at(5s)) == Actions{Start{supervisor, true}});
  CHECK(life.ready(supervisor, at(6s)).empty());
}

TEST_CASE("a bridge that the new version does not have any more does not hold up the replacing of the others") {
  auto life = running();
  (void)life.replace_asked();
  (void)life.died(broker, Ending::crashed, at(1s));
  CHECK(life.ready(broker, at(2s)) == Actions{Send{bridge, SIGKILL}});
  CHECK(life.died(bridge, Ending::crashed, at(3s)) == Actions{Start{bridge, true}});
  CHECK(life.not_installed(bridge) == Actions{Send{supervisor, SIGKILL}});
  CHECK(life.died(supervisor, Ending::crashed, at(4s)) == Actions{Start{supervisor, true}});
  CHECK(life.ready(supervisor, at(5s)).empty());
}

TEST_CASE("at the end nobody is replaced") {
  auto life = running();
  (void)life.replace_asked();
  (void)life.end_asked();
  CHECK(life.replace_asked().empty());
  (void)life.died(broker, Ending::crashed, at(1s));
  CHECK(life.ready(broker, at(2s)).empty());
}

TEST_CASE("an init that follows another goes on with the daemons that run, and starts those that do not") {
  auto before = running();
  (void)before.died(bridge, Ending::crashed, at(1s));
  std::vector<Lifecycle::Known> known;
  for (auto daemon : {bus, broker, supervisor, bridge}) known.push_back(before.known_of(daemon));
  known.back().alive = false; // it was not started again yet
  Lifecycle life{false};
  CHECK(life.resume(known, at(2s)) == Actions{Start{bridge, true}});
  CHECK(life.pass_on(supervisor, SIGHUP) == Actions{Send{supervisor, SIGHUP}});
  CHECK(life.died(supervisor, Ending::crashed, at(5s)) == Actions{Start{supervisor, true}});
  CHECK(life.ready(supervisor, at(6s)).empty()); // the session is known to the world
}

TEST_CASE("asked to end, the supervisor is told first and the others go after it, the bus last") {
  auto life = running(true);
  CHECK(life.end_asked() == Actions{Send{supervisor, SIGTERM}});
  CHECK(life.stopping(supervisor).empty());
  CHECK(life.died(supervisor, Ending::clean, at(1s)) ==
        Actions{Withdraw{}, Send{bridge, SIGTERM}, Send{broker, SIGTERM}, Limit{2s}});
  CHECK(life.died(broker, Ending::clean, at(1s)).empty());
  CHECK(life.died(bridge, Ending::clean, at(1s)) == Actions{Send{bus, SIGTERM}, Limit{2s}});
  CHECK(life.died(bus, Ending::clean, at(1s)) == Actions{Leave{0}});
}

TEST_CASE("a supervisor that says it is stopping ends the session by itself") {
  auto life = running();
  CHECK(life.stopping(supervisor).empty());
  CHECK(life.died(supervisor, Ending::clean, at(1s)).front() == Action{Withdraw{}});
}

TEST_CASE("while the supervisor stops the jobs the others are still started again") {
  auto life = running(true);
  (void)life.end_asked();
  CHECK(life.died(broker, Ending::crashed, at(1s)) == Actions{Start{broker, true}});
  CHECK(life.died(bus, Ending::crashed, at(20s)) == Actions{Start{bus, false}});
}

TEST_CASE("when the supervisor crashes while it stops the jobs, init ends the jobs itself") {
  auto life = running();
  (void)life.end_asked();
  CHECK(life.died(supervisor, Ending::crashed, at(1s)) ==
        Actions{Withdraw{}, Send{bridge, SIGTERM}, Send{broker, SIGTERM}, Limit{2s}, EndOrphans{SIGTERM}});
  CHECK(life.died(broker, Ending::clean, at(1s)).empty());
  CHECK(life.died(bridge, Ending::clean, at(1s)).empty());
  CHECK(life.limit_over() == Actions{EndOrphans{SIGKILL}, Limit{2s}});
  CHECK(life.orphans_gone() == Actions{Leave{0}});
}

TEST_CASE("jobs that an earlier supervisor left behind when it crashed do not outlive the session") {
  auto life = running();
  (void)life.died(supervisor, Ending::crashed, at(1s));
  (void)life.ready(supervisor, at(2s));
  (void)life.end_asked();
  CHECK(life.died(supervisor, Ending::clean, at(3s)).back() == Action{EndOrphans{SIGTERM}});
}

TEST_CASE("what does not go in time is killed, and what even then stays does not hold up the end") {
  auto life = dismissing(Ending::clean);
  CHECK(life.limit_over() == Actions{Send{bridge, SIGKILL}, Send{broker, SIGKILL}, Limit{2s}});
  CHECK(life.limit_over() == Actions{Leave{0}});
}

TEST_CASE("asked a second time to end, the supervisor gets a limit; a third time, none") {
  auto life = running();
  (void)life.end_asked();
  CHECK(life.end_asked() == Actions{Limit{2s}});
  CHECK(life.end_asked() == Actions{Send{supervisor, SIGKILL}, Limit{2s}});
  CHECK(life.end_asked().empty());
}

TEST_CASE("the end asked for during a logout is told to the supervisor, too") {
  auto life = running();
  (void)life.stopping(supervisor);
  CHECK(life.end_asked() == Actions{Send{supervisor, SIGTERM}});
}

TEST_CASE("asked to end while the supervisor waits to be started again, the rest goes at once") {
  auto life = running();
  for (int death = 0; death < 4; ++death) (void)life.died(supervisor, Ending::crashed, at(1ms));
  CHECK(life.end_asked().front() == Action{Withdraw{}});
  CHECK(life.pause_over(supervisor, at(1s)).empty());
}

TEST_CASE("a daemon that waits to be started again holds up nobody's end") {
  auto life = running();
  for (int death = 0; death < 4; ++death) (void)life.died(broker, Ending::crashed, at(1ms));
  (void)life.end_asked();
  CHECK(life.died(supervisor, Ending::clean, at(1s)) == Actions{Withdraw{}, Send{bridge, SIGTERM}, Limit{2s}});
  CHECK(life.died(bridge, Ending::clean, at(1s)) == Actions{Leave{0}});
}

TEST_CASE("a supervisor that gives up by itself, with an error, ends init with an error") {
  auto life = running();
  (void)life.stopping(supervisor);
  CHECK(life.died(supervisor, Ending::failed, at(1s)).back() == Action{EndOrphans{SIGTERM}});
  (void)life.orphans_gone();
  (void)life.died(broker, Ending::clean, at(1s));
  CHECK(life.died(bridge, Ending::clean, at(1s)) == Actions{Leave{1}});
}

TEST_CASE("a supervisor that fails without a word about stopping is started again") {
  auto life = running();
  CHECK(life.died(supervisor, Ending::failed, at(1s)) == Actions{Start{supervisor, true}});
}

TEST_CASE("a machine's supervisor cannot end the machine: it is started again") {
  Lifecycle life{false, true};
  (void)life.begin(at(0ms));
  (void)life.ready(supervisor, at(0ms));
  (void)life.stopping(supervisor);
  CHECK(life.died(supervisor, Ending::clean, at(5s)) == Actions{Start{supervisor, true}});
}

TEST_CASE("of a machine, a vital daemon that keeps ending asks for rescue, once; after it all begins anew") {
  Lifecycle life{false, true};
  (void)life.begin(at(0ms));
  auto deaths_until_rescue = 0;
  Actions actions;
  for (; deaths_until_rescue < 20 && (actions.empty() || actions.front() != Action{Rescue{broker}});
       ++deaths_until_rescue) {
    (void)life.pause_over(broker, at(0ms));
    actions = life.died(broker, Ending::crashed, at(0ms));
  }
  CHECK(deaths_until_rescue == 6);
  (void)life.pause_over(broker, at(0ms));
  CHECK(std::holds_alternative<Pause>(life.died(broker, Ending::crashed, at(0ms)).front()));
  SUBCASE("somebody was there") {
    CHECK(life.rescue_over(true, at(5s)) == Actions{Start{broker, false}});
    CHECK(life.died(broker, Ending::crashed, at(5s)) == Actions{Start{broker, false}});
  }
  SUBCASE("nobody was") {
    CHECK(life.rescue_over(false, at(5s)).empty());
    (void)life.pause_over(broker, at(5s));
    CHECK(life.died(broker, Ending::crashed, at(5s)).front() == Action{Rescue{broker}});
  }
}

TEST_CASE("of a session no daemon asks for rescue") {
  Lifecycle life{false};
  (void)life.begin(at(0ms));
  for (int death = 0; death < 20; ++death) {
    (void)life.pause_over(broker, at(0ms));
    CHECK_FALSE(std::holds_alternative<Rescue>(life.died(broker, Ending::crashed, at(0ms)).front()));
  }
}
