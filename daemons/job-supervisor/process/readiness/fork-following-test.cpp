#include "daemons/job-supervisor/process/readiness/fork-following.hpp"

#include <doctest/doctest.h>

#include <sys/wait.h>

using namespace upstart::supervisor;
using namespace std::chrono_literals;

namespace {
constexpr pid_t first = 100;
constexpr ForkTimeouts looked_at_seldom{.longest_gap = 1h};
ProcessFacts orphan(pid_t pid, pid_t session, char state = 'S') {
  return {.pid = pid,
          .parent = 1,
          .group = session,
          .session = session,
          .state = state,
          .started = static_cast<std::uint64_t>(pid)};
}
} // namespace

TEST_CASE("expect fork is ready with the orphan of the first process") {
  ForkFollowing following{Expect::fork, first};
  CHECK(following.main_ended(1ms, 0, std::vector{orphan(101, first)}) ==
        FollowingStep{.supervise = 101, .ready = true});
}

TEST_CASE("one that still runs after its last fork is ready when it rests, and is the one that stays") {
  const Look running{.activity = "101 1 ", .busy = true}, resting{.activity = "102 1 "};
  ForkFollowing following{Expect::fork, first};
  CHECK(following.main_ended(1ms, 0, std::vector{orphan(101, first, 'R')}) == FollowingStep{.supervise = 101});
  CHECK(following.awaits_rest());
  CHECK(following.looked_at(5ms, running) == FollowingStep{});
  CHECK(following.main_ended(7ms, 0, std::vector{orphan(102, 101, 'R')}) == FollowingStep{.supervise = 102});
  auto step = following.looked_at(10ms, resting);
  CHECK(step.ready);
  CHECK(step.warning.starts_with("has forked more than once (expect fork)"));
  CHECK_FALSE(following.awaits_rest());
}

TEST_CASE("one that goes on running is ready nevertheless, and so is one that ends before it has rested") {
  const Look running{.activity = "101 1 ", .busy = true};
  ForkFollowing following{Expect::fork, first};
  (void)following.main_ended(1ms, 0, std::vector{orphan(101, first, 'R')});
  CHECK(following.looked_at(200ms, running) == FollowingStep{});
  CHECK(following.looked_at(201ms, running) == FollowingStep{.ready = true});
  for (int status : {0, W_EXITCODE(1, 0), W_EXITCODE(0, 9)}) {
    ForkFollowing brief{Expect::fork, first};
    (void)brief.main_ended(1ms, 0, std::vector{orphan(101, first, 'R')});
    CHECK(brief.main_ended(2ms, status, {}) == FollowingStep{.ready = true, .ended = true});
  }
  ForkFollowing stopped{Expect::fork, first};
  (void)stopped.main_ended(1ms, 0, std::vector{orphan(101, first, 'R')});
  stopped.signalled();
  CHECK(stopped.main_ended(2ms, 0, {}) == FollowingStep{.ended = true});
}

TEST_CASE("expect daemon waits for a second fork") {
  ForkFollowing following{Expect::daemon, first};
  CHECK(following.main_ended(1ms, 0, std::vector{orphan(101, first)}) == FollowingStep{.supervise = 101});
  CHECK(following.main_ended(2ms, 0, std::vector{orphan(102, 101)}) == FollowingStep{.supervise = 102, .ready = true});
}

TEST_CASE("a session that somebody else began tells of a second fork that nobody saw") {
  ForkFollowing following{Expect::daemon, first};
  CHECK(following.main_ended(1ms, 0, std::vector{orphan(102, 101)}) == FollowingStep{.supervise = 102, .ready = true});
}

TEST_CASE("so does an orphan of the first session that has ended") {
  ForkFollowing following{Expect::daemon, first};
  following.orphan_ended(orphan(101, first, 'Z'));
  CHECK(following.main_ended(1ms, 0, std::vector{orphan(102, first)}).ready);
  ForkFollowing unreaped{Expect::daemon, first};
  CHECK(unreaped.main_ended(1ms, 0, std::vector{orphan(101, first, 'Z'), orphan(102, first)}).ready);
}

TEST_CASE("the process that left the session is the service, and of several the youngest") {
  ForkFollowing following{Expect::fork, first};
  CHECK(following
            .main_ended(1ms, 0,
                        std::vector{orphan(103, first), orphan(101, 101), orphan(102, 102), orphan(104, 104, 'Z')})
            .supervise == 102);
}

TEST_CASE("a crash and an end without orphans are ends") {
  ForkFollowing crashed{Expect::fork, first};
  CHECK(crashed.main_ended(1ms, W_EXITCODE(0, 9), std::vector{orphan(101, first)}).ended);
  for (int status : {0, W_EXITCODE(1, 0)}) {
    ForkFollowing alone{Expect::fork, first};
    CHECK(alone.main_ended(1ms, status, {}).ended);
  }
}

TEST_CASE("with whatever status a parent exits after its fork, the child is the service") {
  ForkFollowing following{Expect::daemon, first};
  CHECK(following.main_ended(1ms, W_EXITCODE(1, 0), std::vector{orphan(101, 101)}).supervise == 101);
  CHECK(following.main_ended(2ms, W_EXITCODE(7, 0), std::vector{orphan(102, 101)}) ==
        FollowingStep{.supervise = 102, .ready = true});
}

TEST_CASE("a failure is an end when the forks are made, or when the process was accepted without any") {
  ForkFollowing service{Expect::fork, first, looked_at_seldom};
  (void)service.main_ended(1ms, 0, std::vector{orphan(101, 101)});
  CHECK(service.main_ended(2ms, W_EXITCODE(1, 0), std::vector{orphan(102, 101)}).ended);
  ForkFollowing accepted{Expect::fork, first, looked_at_seldom};
  REQUIRE(accepted.looked_at(3s, {"1"}).ready == false);
  REQUIRE(accepted.looked_at(6s, {"1"}).settled);
  CHECK(accepted.main_ended(7s, W_EXITCODE(1, 0), std::vector{orphan(101, first)}).ended);
}

TEST_CASE("after the supervisor's signal an end is an end") {
  ForkFollowing following{Expect::fork, first};
  following.signalled();
  CHECK(following.main_ended(1ms, 0, std::vector{orphan(101, first)}).ended);
}

TEST_CASE(
    "a process is taken as ready when it has been idle, not while it does something, but in the end all the same") {
  ForkFollowing following{Expect::fork, first, looked_at_seldom};
  CHECK(following.looked_at(100ms, {"1"}) == FollowingStep{});
  CHECK(following.looked_at(1000ms, {"2"}) == FollowingStep{});
  CHECK(following.looked_at(3900ms, {"2"}) == FollowingStep{});
  FollowingStep step = following.looked_at(4000ms, {"2"});
  CHECK(step.ready);
  CHECK(step.settled);
  CHECK(step.warning == "has not forked (expect fork); taken as ready; if it never does, remove the stanza expect");
  ForkFollowing busy{Expect::fork, first, looked_at_seldom};
  for (auto now = 0ms; now < 15s; now += 100ms) CHECK_FALSE(busy.looked_at(now, {std::to_string(now.count())}).ready);
  CHECK(busy.looked_at(15s, {"end"}).ready);
}

TEST_CASE("a first process that has forked may wait for its child to be ready") {
  const Look parent_beside_child{"1", true};
  for (auto [expect, service] : {std::pair{Expect::fork, orphan(101, 101)}, {Expect::daemon, orphan(102, 101)}}) {
    ForkFollowing following{expect, first, looked_at_seldom};
    for (auto now = 0ms; now < 10s; now += 100ms)
      CHECK(following.looked_at(now, parent_beside_child) == FollowingStep{});
    CHECK(following.main_ended(10s, 0, std::vector{service}) == FollowingStep{.supervise = service.pid, .ready = true});
  }
}

TEST_CASE("so may one whose child has forked in turn and ended") {
  ForkFollowing following{Expect::daemon, first, looked_at_seldom};
  for (auto now = 0ms; now < 10s; now += 100ms)
    CHECK(following.looked_at(now, {"1"}, [] { return true; }) == FollowingStep{});
  CHECK(following.looked_at(10s, {"1"}, [] { return true; }).warning.contains("has not ended after forking"));
}

TEST_CASE(
    "a first process that never ends after its fork is accepted, and the warning does not say that it has not forked") {
  ForkFollowing following{Expect::fork, first, looked_at_seldom};
  CHECK(following.looked_at(0ms, {"1", true}) == FollowingStep{});
  FollowingStep step = following.looked_at(10s, {"1", true});
  CHECK(step.ready);
  CHECK(step.warning ==
        "has not ended after forking (expect fork); taken as ready; if it never does, remove the stanza expect");
}

TEST_CASE("a fork that comes after the process was accepted is followed") {
  ForkFollowing late{Expect::fork, first, looked_at_seldom};
  (void)late.looked_at(0ms, {"1", true});
  REQUIRE(late.looked_at(10s, {"1", true}).ready);
  CHECK(late.main_ended(10min, 0, std::vector{orphan(102, first)}) == FollowingStep{.supervise = 102, .ready = true});
  ForkFollowing second{Expect::daemon, first, looked_at_seldom};
  (void)second.main_ended(1ms, 0, std::vector{orphan(101, 101)});
  (void)second.looked_at(1s, {"1"});
  REQUIRE(second.looked_at(4s, {"1"}).warning ==
          "has forked only once (expect daemon); taken as ready; use expect fork");
  CHECK(second.main_ended(10min, 0, std::vector{orphan(102, 101)}) == FollowingStep{.supervise = 102, .ready = true});
}

TEST_CASE("between its forks a daemon may be idle") {
  ForkFollowing following{Expect::daemon, first, looked_at_seldom};
  (void)following.main_ended(1ms, 0, std::vector{orphan(101, 101)});
  for (auto now = 0ms; now < 2900ms; now += 100ms) CHECK(following.looked_at(now, {"1"}) == FollowingStep{});
  CHECK(following.main_ended(2900ms, 0, std::vector{orphan(102, 101)}) ==
        FollowingStep{.supervise = 102, .ready = true});
}

TEST_CASE("a service that ends well has ended, except within its grace period: then it may have forked once more") {
  auto settled_service = [] {
    ForkFollowing service{Expect::fork, first, looked_at_seldom};
    (void)service.main_ended(1s, 0, std::vector{orphan(101, 101)});
    (void)service.looked_at(1s, {"1"});
    REQUIRE(service.looked_at(2s, {"1"}) == FollowingStep{.settled = true});
    return service;
  };
  auto old = settled_service(), recent = settled_service(), ordered = settled_service();
  CHECK(old.main_ended(32s, 0, std::vector{orphan(102, 101)}).ended);
  FollowingStep step = recent.main_ended(30s, 0, std::vector{orphan(102, 101)});
  CHECK(step.supervise == 102);
  CHECK(step.warning == "has forked more than once (expect fork); its last process is supervised; use expect daemon");
  ordered.signalled();
  CHECK(ordered.main_ended(3s, 0, std::vector{orphan(102, 101)}).ended);
}
