#include "clients/top/upstart/job-lines.hpp"

#include <doctest/doctest.h>

using namespace upstart;
using namespace upstart::top;

TEST_CASE("a job without instances has a line, which tells that it failed last") {
  protocol::JobState job{.name = "web"};
  job.records = {{.kind = "started"}, {.kind = "ended", .text = "main process terminated with status 1"}};
  auto lines = lines_of(job);
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].title() == "web");
  CHECK(lines[0].failed);
  job.records.push_back({.kind = "started"});
  CHECK_FALSE(lines_of(job)[0].failed);
}

TEST_CASE("each instance has a line with its processes and how often it was respawned") {
  protocol::JobState job{.name = "tty"};
  job.instances = {{.name = "1", .goal = "start", .state = "running", .processes = {{"main", 7}, {"pre-stop", 9}}},
                   {.name = "2", .goal = "stop", .state = "killed"}};
  job.records = {{.kind = "respawned", .instance = "1", .times = 3},
                 {.kind = "respawned", .instance = "1", .times = 1}};
  auto lines = lines_of(job);
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].title() == "tty (1)");
  CHECK(lines[0].processes == std::vector{7, 9});
  CHECK(lines[0].restarts == 4);
  CHECK(lines[1].restarts == 0);
  CHECK(lines[1].state == "killed");
}
