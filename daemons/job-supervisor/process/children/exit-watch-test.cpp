#include "daemons/job-supervisor/process/children/exit-watch.hpp"

#include <doctest/doctest.h>

#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <vector>

using namespace upstart;
using supervisor::ExitWatch;

namespace {

struct Child {
  Child() : pid{::fork()} {
    if (pid == 0) {
      ::pause();
      ::_exit(0);
    }
    pidfd = base::FileDescriptor{static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))};
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (pid <= 0) return;
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
  }
  void kill() const {
    ::kill(pid, SIGKILL);
    siginfo_t info{};
    ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT);
  }
  pid_t pid;
  base::FileDescriptor pidfd;
};

struct Scenario {
  // Until nothing more is to be told.
  void look() {
    for (int i = 0; i < 5; ++i) loop.run_once(false);
  }
  base::EventLoop loop;
  std::vector<pid_t> ended;
  int changes = 0;
  ExitWatch watch{loop, {.ended = [this](pid_t pid) { ended.push_back(pid); }, .child_changed = [this] { ++changes; }}};
};

} // namespace

TEST_CASE("each end is told once, with the change of a child") {
  Scenario scenario;
  Child one, other;
  REQUIRE(scenario.watch.add(one.pidfd.get(), one.pid) == 0);
  REQUIRE(scenario.watch.add(other.pidfd.get(), other.pid) == 0);
  scenario.look();
  CHECK(scenario.ended.empty());
  CHECK(scenario.changes == 0);
  other.kill();
  scenario.look();
  CHECK(scenario.ended == std::vector{other.pid});
  CHECK(scenario.changes == 1);
  one.kill();
  scenario.look();
  CHECK(scenario.ended == std::vector{other.pid, one.pid});
}

TEST_CASE("more processes than are looked at in one go are all told of") {
  Scenario scenario;
  std::vector<std::unique_ptr<Child>> children;
  for (int i = 0; i < 100; ++i) {
    children.push_back(std::make_unique<Child>());
    REQUIRE(scenario.watch.add(children.back()->pidfd.get(), children.back()->pid) == 0);
  }
  for (const auto& child : children) child->kill();
  scenario.look();
  CHECK(scenario.ended.size() == 100);
  std::ranges::sort(scenario.ended);
  CHECK(std::ranges::adjacent_find(scenario.ended) == scenario.ended.end());
}

TEST_CASE("a watch goes with its descriptor, and asked for again it tells again") {
  Scenario scenario;
  Child closed, asked;
  REQUIRE(scenario.watch.add(closed.pidfd.get(), closed.pid) == 0);
  REQUIRE(scenario.watch.add(asked.pidfd.get(), asked.pid) == 0);
  closed.pidfd = {};
  closed.kill();
  asked.kill();
  scenario.look();
  CHECK(scenario.ended == std::vector{asked.pid});
  scenario.watch.await_end(asked.pidfd.get(), asked.pid);
  scenario.look();
  CHECK(scenario.ended == std::vector{asked.pid, asked.pid});
}

TEST_CASE("SIGCHLD is blocked while it is read, and no longer") {
  sigset_t now;
  {
    Scenario scenario;
    ::pthread_sigmask(SIG_BLOCK, nullptr, &now);
    CHECK(::sigismember(&now, SIGCHLD) == 1);
  }
  ::pthread_sigmask(SIG_BLOCK, nullptr, &now);
  CHECK(::sigismember(&now, SIGCHLD) == 0);
}
