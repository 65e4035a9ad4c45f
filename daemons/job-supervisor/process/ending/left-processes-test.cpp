#include "daemons/job-supervisor/process/ending/left-processes.hpp"
#include "daemons/job-supervisor/process/test/process-fixture.hpp"

#include <unistd.h>

using namespace upstart::supervisor;
using namespace upstart::supervisor::test;

// This process is the one that is left behind: it is there for as long as the test.
TEST_CASE("what an instance left is told of once, unless it ends them") {
  upstart::base::EventLoop loop;
  LeftProcesses left{loop};
  int instance = 0, other = 0;
  std::vector<pid_t> told;
  auto tell = [&](const std::vector<pid_t>& pids) { told.insert(told.end(), pids.begin(), pids.end()); };

  SUBCASE("told once") {
    left.tell_of(&instance, {::getpid()}, tell);
    left.tell_of(&other, {::getpid()}, tell);
    REQUIRE(await(loop, [&] { return !told.empty(); }));
    CHECK(told == std::vector{::getpid()});
  }
  SUBCASE("ended with their instance") {
    left.tell_of(&instance, {::getpid()}, tell);
    left.forget(&instance);
    left.tell_of(&other, {::getppid()}, tell); // told later than the other would be
    REQUIRE(await(loop, [&] { return !told.empty(); }));
    CHECK(told == std::vector{::getppid()});
  }
  SUBCASE("left by an instance that has gone, whose place another has") {
    left.tell_of(&instance, {::getpid()}, tell);
    left.instance_gone(&instance);
    left.forget(&instance); // the other one's
    REQUIRE(await(loop, [&] { return !told.empty(); }));
    CHECK(told == std::vector{::getpid()});
  }
}
