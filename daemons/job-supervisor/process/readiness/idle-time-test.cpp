#include "daemons/job-supervisor/process/readiness/idle-time.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <sys/wait.h>
#include <unistd.h>

using namespace upstart::supervisor;
using namespace std::chrono_literals;

TEST_CASE("a process is idle from the last look on that showed something new") {
  IdleTime time{500ms};
  time.begin(0ms);
  for (auto now = 0ms; now <= 1000ms; now += 100ms) time.looked_at(now, {"1"});
  CHECK(time.idle() == 1000ms);
  time.looked_at(1100ms, {"2"});
  CHECK(time.idle() == 0ms);
  time.looked_at(1200ms, {"2"});
  CHECK(time.idle() == 100ms);
}

TEST_CASE("what waits for a processor or a disk is not idle, although it does nothing") {
  IdleTime time{500ms};
  time.begin(0ms);
  for (auto now = 0ms; now <= 1000ms; now += 100ms) time.looked_at(now, {.activity = "1", .busy = true});
  CHECK(time.idle() == 0ms);
  CHECK(time.passed(1000ms) == 1000ms);
}

TEST_CASE("time in which nobody looked counts as idle only up to the longest gap") {
  IdleTime time{500ms};
  time.begin(0ms);
  time.looked_at(0ms, {"1"});
  time.looked_at(400ms, {"1"});
  CHECK(time.idle() == 400ms);
  time.looked_at(60s, {"1"});
  CHECK(time.idle() == 900ms);
  CHECK(time.exceeds({.idle = 1s, .total = 60s}));
  CHECK_FALSE(time.exceeds({.idle = 1s, .total = 61s}));
}

TEST_CASE("a look tells a process that runs from one that does not") {
  CHECK(look_at(::getpid()).busy);
  pid_t stopped = ::fork();
  if (stopped == 0) {
    ::raise(SIGSTOP);
    ::_exit(0);
  }
  REQUIRE(::waitpid(stopped, nullptr, WUNTRACED) == stopped);
  CHECK_FALSE(look_at(stopped).busy);
  CHECK_FALSE(look_at(stopped).has_descendants);
  ::kill(stopped, SIGKILL);
  ::waitpid(stopped, nullptr, 0);
}
