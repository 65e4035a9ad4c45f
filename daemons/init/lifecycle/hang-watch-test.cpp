#include "daemons/init/lifecycle/hang-watch.hpp"

#include <doctest/doctest.h>

#include <csignal>

using namespace upstart::init;
using namespace std::chrono_literals;
using Step = HangWatch::Step;
using enum HangWatch::Finding;

TEST_CASE("an active daemon that gives no sign is doubted, then aborted, then killed") {
  HangWatch watch;
  CHECK(watch.sign(8s) == Step{.wait = 8s});
  CHECK(watch.time_over() == Step{.wait = 2s});
  CHECK(watch.time_over() == Step{.finding = silent, .signal = SIGABRT, .wait = HangWatch::end_grace});
  CHECK(watch.time_over() == Step{.finding = still_silent, .signal = SIGKILL});
  CHECK_FALSE(watch.time_over());
}

TEST_CASE("a sign while it is doubted clears it, one after it was aborted does not") {
  HangWatch watch;
  static_cast<void>(watch.sign(8s));
  static_cast<void>(watch.time_over());
  CHECK(watch.sign(8s) == Step{.wait = 8s});
  static_cast<void>(watch.time_over());
  static_cast<void>(watch.time_over());
  CHECK_FALSE(watch.sign(8s));
  CHECK_FALSE(watch.rest());
  CHECK(watch.time_over() == Step{.finding = still_silent, .signal = SIGKILL});
}

TEST_CASE("nobody waits for a daemon that rests") {
  HangWatch watch;
  CHECK_FALSE(watch.time_over());
  static_cast<void>(watch.sign(8s));
  CHECK(watch.rest() == Step{});
  CHECK_FALSE(watch.time_over());
}

TEST_CASE("a daemon that was stopped is continued after a while, and killed when it does not go on") {
  HangWatch watch;
  CHECK(watch.stopped() == Step{.wait = HangWatch::stop_grace});
  CHECK(watch.time_over() == Step{.finding = stopped, .signal = SIGCONT, .wait = HangWatch::end_grace});
  SUBCASE("it does not") { CHECK(watch.time_over() == Step{.finding = still_stopped, .signal = SIGKILL}); }
  SUBCASE("it goes on") { CHECK(watch.continued() == Step{}); }
}

TEST_CASE("one that goes on owes the signs that it owed when it was stopped") {
  HangWatch watch;
  static_cast<void>(watch.sign(8s));
  static_cast<void>(watch.stopped());
  CHECK(watch.continued() == Step{.wait = 8s});
  static_cast<void>(watch.rest());
  static_cast<void>(watch.stopped());
  CHECK(watch.continued() == Step{});
}

TEST_CASE("the next process begins anew") {
  HangWatch watch;
  static_cast<void>(watch.sign(8s));
  static_cast<void>(watch.time_over());
  static_cast<void>(watch.time_over());
  CHECK(watch.ended() == Step{});
  CHECK(watch.sign(8s) == Step{.wait = 8s});
}
