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

TEST_CASE("a look tells whoever runs from whoever waits") {
  CHECK(look_at(::getpid()).busy);
  int ready[2];
  REQUIRE(::pipe(ready) == 0);
  pid_t waiting = ::fork();
  if (waiting == 0) {
    ::close(ready[1]);
    char none = 0;
    ::_exit(static_cast<int>(::read(ready[0], &none, 1)));
  }
  ::close(ready[0]);
  bool idle = false;
  for (int tries = 0; !idle && tries < 1000; ++tries) { // until it has come to its read
    idle = !look_at(waiting).busy;
    ::usleep(1000);
  }
  CHECK(idle);
  CHECK_FALSE(look_at(waiting).has_descendants);
  ::close(ready[1]);
  ::waitpid(waiting, nullptr, 0);
}
