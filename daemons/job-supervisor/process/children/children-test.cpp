// What becomes of a watch where descriptors are not to be had, and where a number comes again.
#include "daemons/job-supervisor/process/children/children.hpp"

#include <doctest/doctest.h>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

using namespace upstart;
using namespace upstart::supervisor;

namespace {

// No descriptor can be opened while this is there.
class NoDescriptors {
public:
  NoDescriptors() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    rlimit none{0, before_.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
  }
  ~NoDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  NoDescriptors(const NoDescriptors&) = delete;
  NoDescriptors& operator=(const NoDescriptors&) = delete;

private:
  rlimit before_{};
};

struct Scenario {
  Scenario() : pid{::fork()} {
    if (pid == 0) {
      while (true) ::pause();
    }
    auto facts = facts_of(pid);
    REQUIRE(facts);
    id = {pid, facts->started, facts->started};
  }
  ~Scenario() {
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
  }
  Scenario(const Scenario&) = delete;
  Scenario& operator=(const Scenario&) = delete;

  std::unique_ptr<WatchedChild> watch(const ProcessId& whom, WatchedChild::Parent parent) {
    return std::make_unique<WatchedChild>(
        children, whom, base::FileDescriptor{}, [this](int wait_status) { status = wait_status; }, parent);
  }
  void end(int signal = SIGKILL) const {
    ::kill(pid, signal);
    siginfo_t info{};
    ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT);
  }
  void await_end() {
    bool expired = false;
    base::Timer limit{loop, [&] { expired = true; }};
    limit.start(std::chrono::seconds{20});
    while (!status && !expired) loop.run_once();
    CHECK_FALSE(expired);
  }

  base::EventLoop loop;
  Children children{loop};
  pid_t pid;
  ProcessId id;
  std::optional<int> status;
};

constexpr auto both = {WatchedChild::Parent::this_process, WatchedChild::Parent::unknown};

} // namespace

TEST_CASE("a process for which no descriptor is to be had is watched as soon as there is one") {
  for (auto parent : both) {
    Scenario scenario;
    std::unique_ptr<WatchedChild> watched;
    {
      NoDescriptors none;
      watched = scenario.watch(scenario.id, parent);
    }
    scenario.end();
    scenario.await_end();
    CHECK(scenario.status == SIGKILL);
    CHECK_FALSE(watched->end_is_unknown());
  }
}

TEST_CASE("and while there is none it gets its signals, and its end is told") {
  for (auto parent : both) {
    Scenario scenario;
    NoDescriptors none;
    auto watched = scenario.watch(scenario.id, parent);
    if (parent == WatchedChild::Parent::this_process) watched->signal(SIGUSR1);
    else ::kill(scenario.pid, SIGUSR1); // who that is cannot be looked at
    scenario.await_end();
    CHECK(scenario.status == SIGUSR1);
  }
}

TEST_CASE("a process that has gone is not mistaken for another that has its number, which is reaped when it ends") {
  Scenario scenario;
  auto watched = scenario.watch({scenario.pid, 1, 1}, WatchedChild::Parent::unknown);
  watched->signal(SIGUSR1);
  CHECK(watched->process_group() == 0);
  CHECK(facts_of(scenario.pid));
  scenario.end();
  scenario.children.reap();
  CHECK(::kill(scenario.pid, 0) < 0);
  CHECK_FALSE(scenario.status);
  scenario.await_end();
  CHECK(watched->end_is_unknown());
}
