// `expect fork` and `expect daemon` of programs that fork and end as fast as they can, many at once: between two looks
// of the supervisor a process may be anywhere in its fork, exec or exit.
#include "daemons/job-supervisor/process/test/actors-fixture.hpp"

#include <thread>

using namespace upstart;
using namespace upstart::supervisor;
using namespace upstart::supervisor::test;

namespace {

// Keeps the processors busy, so that processes are interrupted at any place.
class Load {
public:
  explicit Load(unsigned count = 2 * std::thread::hardware_concurrency()) {
    for (unsigned i = 0; i < count; ++i)
      pids_.push_back([] {
        pid_t pid = ::fork();
        while (pid == 0) {}
        return pid;
      }());
  }
  ~Load() {
    for (pid_t pid : pids_) ::kill(pid, SIGKILL);
    for (pid_t pid : pids_) ::waitpid(pid, nullptr, 0);
  }
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

private:
  std::vector<pid_t> pids_;
};

// How many of them are not supervised where they run.
int lost_of(ActorsFixture& fixture) {
  return static_cast<int>(std::ranges::count_if(
      fixture.actors, [](const auto& one) { return one->ended() || !one->supervises_the_last(); }));
}

// Starts pairs of them, one after the other. The parent ends at about the time when its child does: both hold some
// memory, so that their exits take a while, in which a process has no environment and its child is not yet the
// supervisor's.
void lose_none(Expect expect, bool groups, int pairs) {
  ActorsFixture fixture{groups};
  std::string last = expect == Expect::daemon ? " setsid fork note" : " setsid note";
  for (int i = 0; i < pairs; ++i) {
    for (int j = 0; j < 2; ++j) fixture.add(expect, "memory=64 fork-end=" + std::to_string(i % 7) + last);
    auto told = [&] {
      return std::ranges::all_of(fixture.actors, [](const auto& one) { return one->ready() || one->ended(); });
    };
    REQUIRE(await(fixture.loop, told));
  }
  fixture.await_all(&Actor::supervises_the_last);
  CHECK(lost_of(fixture) == 0);
  for (const auto& one : fixture.actors) one->processes->signal(ProcessKind::main, SIGKILL);
  fixture.await_all(&Actor::ended);
  for (const auto& one : fixture.actors) one->processes->kill_strays();
  fixture.await_all(&Actor::leaves_nothing);
}

} // namespace

TEST_CASE("no daemon is lost whose parents end at the same time, without control groups as with them") {
  for (bool groups : {false, true}) {
    lose_none(Expect::daemon, groups, 15);
    lose_none(Expect::fork, groups, 5);
  }
}

// Not run by default: process_test -ns -tc="1000 daemons*"
TEST_CASE("1000 daemons whose parents end at the same time, under load, and none is lost" * doctest::skip()) {
  Load load;
  for (Expect expect : {Expect::daemon, Expect::fork})
    for (bool groups : {false, true})
      for (int i = 0; i < 5; ++i) lose_none(expect, groups, 50);
}
