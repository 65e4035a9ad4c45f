// The parts that decide without touching anything.
#include "daemons/job-supervisor/process/accounts.hpp"
#include "daemons/job-supervisor/process/control-group-mounts.hpp"
#include "daemons/job-supervisor/process/fork-following.hpp"
#include "daemons/job-supervisor/process/log-file.hpp"
#include "daemons/job-supervisor/process/notify-readiness.hpp"
#include "daemons/job-supervisor/process/process-tree.hpp"
#include "daemons/job-supervisor/process/stanza-groups.hpp"

#include <doctest/doctest.h>

#include <sys/wait.h>

using namespace upstart::supervisor;
using namespace std::chrono_literals;

namespace {
constexpr pid_t first = 100;
ProcessFacts orphan(pid_t pid, pid_t session, char state = 'S') {
  return {.pid = pid, .parent = 1, .group = session, .session = session, .state = state, .started = static_cast<std::uint64_t>(pid)};
}
} // namespace

TEST_CASE("expect fork is ready with the orphan of the first process") {
  ForkFollowing following{Expect::fork, first};
  CHECK(following.main_ended(1ms, 0, std::vector{orphan(101, first)}) == FollowingStep{.supervise = 101, .ready = true});
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
  CHECK(following.main_ended(1ms, 0, std::vector{orphan(103, first), orphan(101, 101), orphan(102, 102), orphan(104, 104, 'Z')}).supervise == 102);
}

TEST_CASE("a failure, a signal, and an end without orphans are ends") {
  for (int status : {W_EXITCODE(1, 0), W_EXITCODE(0, 9)}) {
    ForkFollowing following{Expect::fork, first};
    CHECK(following.main_ended(1ms, status, std::vector{orphan(101, first)}).ended);
  }
  ForkFollowing alone{Expect::fork, first};
  CHECK(alone.main_ended(1ms, 0, {}).ended);
}

TEST_CASE("after a signal by order an end is an end") {
  ForkFollowing following{Expect::fork, first};
  following.signalled();
  CHECK(following.main_ended(1ms, 0, std::vector{orphan(101, first)}).ended);
}

TEST_CASE("a process is settled when it has been quiet, not while it does something, but at last") {
  ForkFollowing following{Expect::fork, first};
  CHECK(following.looked_at(100ms, {"1"}) == FollowingStep{});
  CHECK(following.looked_at(1000ms, {"2"}) == FollowingStep{});
  CHECK(following.looked_at(1900ms, {"2"}) == FollowingStep{});
  FollowingStep step = following.looked_at(2000ms, {"2"});
  CHECK(step.ready);
  CHECK(step.settled);
  CHECK(step.warning == "expect fork, but it has not forked: it would be right without expect");
  ForkFollowing busy{Expect::fork, first};
  for (auto now = 0ms; now < 10s; now += 100ms) CHECK_FALSE(busy.looked_at(now, {std::to_string(now.count())}).ready);
  CHECK(busy.looked_at(10s, {"end"}).ready);
}

TEST_CASE("a settled service that ends has ended, except where it has never forked before") {
  ForkFollowing settled{Expect::fork, first};
  (void)settled.main_ended(1ms, 0, std::vector{orphan(101, first)});
  CHECK(settled.looked_at(600ms, {"1"}) == FollowingStep{});
  CHECK(settled.looked_at(1200ms, {"1"}).settled);
  CHECK(settled.main_ended(2000ms, 0, std::vector{orphan(102, first)}).ended);
  ForkFollowing late{Expect::fork, first};
  (void)late.looked_at(0ms, {"1"});
  CHECK(late.looked_at(1000ms, {"1"}).ready);
  CHECK(late.main_ended(5000ms, 0, std::vector{orphan(102, first)}) == FollowingStep{.supervise = 102, .ready = true});
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
