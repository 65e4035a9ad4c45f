#include "daemons/job-supervisor/process/logs/log-file.hpp"

#include <doctest/doctest.h>

using namespace upstart::supervisor;

TEST_CASE("names of logs have no slash of the job's") {
  CHECK(log_path("/d", "web", "") == "/d/web.log");
  CHECK(log_path("/d", "net/web", "a/b") == "/d/net_web-a_b.log");
}
