// The parts that decide without touching anything.
#include "daemons/job-supervisor/process/children/process-tree.hpp"
#include "daemons/job-supervisor/process/groups/control-group-mounts.hpp"
#include "daemons/job-supervisor/process/groups/stanza-groups.hpp"
#include "daemons/job-supervisor/process/logs/log-file.hpp"
#include "daemons/job-supervisor/process/readiness/fork-following.hpp"
#include "daemons/job-supervisor/process/readiness/notify-readiness.hpp"
#include "daemons/job-supervisor/process/readiness/ready-timeout.hpp"
#include "daemons/job-supervisor/process/spawn/accounts.hpp"

#include <doctest/doctest.h>

#include <sys/wait.h>

using namespace upstart::supervisor;
using namespace std::chrono_literals;

namespace {
constexpr pid_t first = 100;
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

TEST_CASE("who left the session is the service, and of several the youngest") {
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
  ForkFollowing service{Expect::fork, first};
  (void)service.main_ended(1ms, 0, std::vector{orphan(101, 101)});
  CHECK(service.main_ended(2ms, W_EXITCODE(1, 0), std::vector{orphan(102, 101)}).ended);
  ForkFollowing accepted{Expect::fork, first};
  REQUIRE(accepted.looked_at(3s, {"1"}).ready == false);
  REQUIRE(accepted.looked_at(6s, {"1"}).settled);
  CHECK(accepted.main_ended(7s, W_EXITCODE(1, 0), std::vector{orphan(101, first)}).ended);
}

TEST_CASE("after a signal by order an end is an end") {
  ForkFollowing following{Expect::fork, first};
  following.signalled();
  CHECK(following.main_ended(1ms, 0, std::vector{orphan(101, first)}).ended);
}

TEST_CASE("a process is accepted when it has been quiet, not while it does something, but at last") {
  ForkFollowing following{Expect::fork, first};
  CHECK(following.looked_at(100ms, {"1"}) == FollowingStep{});
  CHECK(following.looked_at(1000ms, {"2"}) == FollowingStep{});
  CHECK(following.looked_at(3900ms, {"2"}) == FollowingStep{});
  FollowingStep step = following.looked_at(4000ms, {"2"});
  CHECK(step.ready);
  CHECK(step.settled);
  CHECK(step.warning == "expect fork, but it has not forked: it would be right without expect");
  ForkFollowing busy{Expect::fork, first};
  for (auto now = 0ms; now < 15s; now += 100ms) CHECK_FALSE(busy.looked_at(now, {std::to_string(now.count())}).ready);
  CHECK(busy.looked_at(15s, {"end"}).ready);
}

TEST_CASE("a first process that has forked may wait for its child to be ready") {
  const Look beside_its_child{"1", true};
  for (auto [expect, service] : {std::pair{Expect::fork, orphan(101, 101)}, {Expect::daemon, orphan(102, 101)}}) {
    ForkFollowing following{expect, first};
    for (auto now = 0ms; now < 10s; now += 100ms) CHECK(following.looked_at(now, beside_its_child) == FollowingStep{});
    CHECK(following.main_ended(10s, 0, std::vector{service}) == FollowingStep{.supervise = service.pid, .ready = true});
  }
}

TEST_CASE("so may one whose child has forked in turn and ended") {
  ForkFollowing following{Expect::daemon, first};
  for (auto now = 0ms; now < 10s; now += 100ms)
    CHECK(following.looked_at(now, {"1"}, [] { return true; }) == FollowingStep{});
  CHECK(following.looked_at(10s, {"1"}, [] { return true; })
            .warning.contains("its first process has not ended after forking"));
}

TEST_CASE(
    "a first process that never ends after its fork is accepted, and the warning does not say that it has not forked") {
  ForkFollowing following{Expect::fork, first};
  CHECK(following.looked_at(0ms, {"1", true}) == FollowingStep{});
  FollowingStep step = following.looked_at(10s, {"1", true});
  CHECK(step.ready);
  CHECK(step.warning ==
        "expect fork, but its first process has not ended after forking: it would be right without expect");
}

TEST_CASE("a fork that comes after the process was accepted is followed") {
  ForkFollowing late{Expect::fork, first};
  (void)late.looked_at(0ms, {"1", true});
  REQUIRE(late.looked_at(10s, {"1", true}).ready);
  CHECK(late.main_ended(10min, 0, std::vector{orphan(102, first)}) == FollowingStep{.supervise = 102, .ready = true});
  ForkFollowing second{Expect::daemon, first};
  (void)second.main_ended(1ms, 0, std::vector{orphan(101, 101)});
  (void)second.looked_at(1s, {"1"});
  REQUIRE(second.looked_at(4s, {"1"}).warning ==
          "expect daemon, but it has forked only once: expect fork would be right");
  CHECK(second.main_ended(10min, 0, std::vector{orphan(102, 101)}) == FollowingStep{.supervise = 102, .ready = true});
}

TEST_CASE("between its forks a daemon may take a rest") {
  ForkFollowing following{Expect::daemon, first};
  (void)following.main_ended(1ms, 0, std::vector{orphan(101, 101)});
  for (auto now = 0ms; now < 2900ms; now += 100ms) CHECK(following.looked_at(now, {"1"}) == FollowingStep{});
  CHECK(following.main_ended(2900ms, 0, std::vector{orphan(102, 101)}) ==
        FollowingStep{.supervise = 102, .ready = true});
}

TEST_CASE("a service that ends well has ended, except while it is young: then it may have forked once more") {
  auto settled_service = [] {
    ForkFollowing service{Expect::fork, first};
    (void)service.main_ended(1s, 0, std::vector{orphan(101, 101)});
    (void)service.looked_at(1s, {"1"});
    REQUIRE(service.looked_at(2s, {"1"}) == FollowingStep{.settled = true});
    return service;
  };
  auto grown_up = settled_service(), young = settled_service(), ordered = settled_service();
  CHECK(grown_up.main_ended(32s, 0, std::vector{orphan(102, 101)}).ended);
  FollowingStep step = young.main_ended(30s, 0, std::vector{orphan(102, 101)});
  CHECK(step.supervise == 102);
  CHECK(step.warning == "expect fork, but it has forked more than once: expect daemon would be right");
  ordered.signalled();
  CHECK(ordered.main_ended(3s, 0, std::vector{orphan(102, 101)}).ended);
}

TEST_CASE("a silence is warned of once and borne for long, and what is said meanwhile prolongs it") {
  Silence silence{ExpectTimes{}.word};
  silence.begin(0s);
  CHECK(silence.looked_at(0s, "1") == SilenceStep::wait);
  CHECK(silence.looked_at(9s, "1") == SilenceStep::wait);
  CHECK(silence.looked_at(10s, "1") == SilenceStep::warn);
  CHECK(silence.looked_at(50s, "1") == SilenceStep::wait);
  CHECK(silence.looked_at(89s, "2") == SilenceStep::wait);
  silence.begin(89s);
  CHECK(silence.looked_at(178s, "2") == SilenceStep::wait);
  CHECK(silence.looked_at(179s, "3") == SilenceStep::accept);
}

TEST_CASE("a process that should stop itself is accepted after half a minute of rest") {
  Silence silence{ExpectTimes{}.stop};
  silence.begin(0s);
  CHECK(silence.looked_at(5s, "1") == SilenceStep::wait);
  CHECK(silence.looked_at(15s, "1") == SilenceStep::warn);
  CHECK(silence.looked_at(34s, "1") == SilenceStep::wait);
  CHECK(silence.looked_at(35s, "1") == SilenceStep::accept);
}

TEST_CASE("a process's name may look like anything in its stat line") {
  auto facts = parse_stat("42 (a) S 9 9 (x) S 7 42 41 0 -1 4 1 2 3 4 11 22 0 0 20 0 1 0 5555 0 0");
  REQUIRE(facts);
  CHECK(facts->pid == 42);
  CHECK(facts->state == 'S');
  CHECK(facts->parent == 7);
  CHECK(facts->session == 41);
  CHECK(facts->ending);
  CHECK(facts->processor_time == 33);
  CHECK(facts->started == 5555);
  for (const char* text : {"", "42", "42 (a", "42 (a)", "42 (a) S", "42 (a) S x y"}) CHECK_FALSE(parse_stat(text));
}

TEST_CASE("control group trees are found where they are mounted, v1 and v2") {
  auto trees = parse_group_trees("33 31 0:30 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
                                 "34 31 0:31 /box /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n"
                                 "35 31 0:32 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd\n"
                                 "36 31 0:33 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
                                 "37 31 0:34 / /tmp rw - tmpfs tmpfs rw\n",
                                 "3:cpu,cpuacct:/here\n2:pids:/box/in\n1:name=systemd:/x\n0::/\n");
  REQUIRE(trees.size() == 3);
  CHECK(trees[0].directory == "/sys/fs/cgroup/cpu,cpuacct/here");
  CHECK(trees[0].controllers == std::vector<std::string>{"cpu", "cpuacct"});
  CHECK(trees[1].directory == "/sys/fs/cgroup/pids/in");
  CHECK(trees[2].unified);
  CHECK(trees[2].directory == "/sys/fs/cgroup/unified");
}

TEST_CASE("settings keep their v1 names on v1 and get those of v2 on v2") {
  CHECK(group_setting("memory", "limit_in_bytes", "5M", false) == GroupSetting{"memory.limit_in_bytes", "5M"});
  CHECK(group_setting("memory", "memory.limit_in_bytes", "5M", true) == GroupSetting{"memory.max", "5M"});
  CHECK(group_setting("cpu", "shares", "2048", true) == GroupSetting{"cpu.weight", "200"});
  CHECK(group_setting("pids", "max", "9", true) == GroupSetting{"pids.max", "9"});
}

TEST_CASE("names of groups and logs have no slash of the job's") {
  CHECK(default_group_name("net/web", "") == "upstart/net_web");
  CHECK(default_group_name("web", "a/b") == "upstart/web-a_b");
  CHECK(log_path("/d", "web", "") == "/d/web.log");
  CHECK(log_path("/d", "net/web", "a/b") == "/d/net_web-a_b.log");
}

TEST_CASE("a notification is lines of KEY=VALUE") {
  auto lines = parse_notification("READY=1\nnonsense\nSTATUS=a=b\n\nMAINPID=7");
  CHECK(lines.size() == 3);
  CHECK(lines.at("STATUS") == "a=b");
  CHECK(parse_notification("").empty());
}

TEST_CASE("users and groups are found in the files, and nobody where there is nobody") {
  auto root = find_account("root", false);
  REQUIRE(root);
  CHECK(root->user == 0);
  CHECK(find_group("root", false) == 0U);
  CHECK_FALSE(find_account("no-such-user", true));
  CHECK_FALSE(find_group("no-such-group", true));
  CHECK_FALSE(find_account("", false));
  std::array<char, 256> buffer;
  CHECK(name_of_user(0, buffer) == "root");
  CHECK(name_of_user(3'999'999'999, buffer).empty());
}
