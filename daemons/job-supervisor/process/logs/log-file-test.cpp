#include "daemons/job-supervisor/process/logs/log-file.hpp"

#include <doctest/doctest.h>

using namespace upstart::supervisor;

TEST_CASE("names of logs have no slash of the job's") {
  CHECK(log_path("/d", "web", "") == "/d/web.log");
  CHECK(log_path("/d", "net/web", "a/b") == "/d/net_web-a_b.log");
}

TEST_CASE("the other name of a log is that of no other job or instance") {
  CHECK(log_path("/d", "net/web", "") == log_path("/d", "net_web", ""));
  CHECK(unlike_log_path("/d", "net/web", "") == "/d/net_2fweb--.log");
  CHECK(unlike_log_path("/d", "net_web", "") == "/d/net_5fweb--.log");
  CHECK(log_path("/d", "a", "b") == log_path("/d", "a-b", ""));
  CHECK(unlike_log_path("/d", "a", "b") == "/d/a--b.log");
  CHECK(unlike_log_path("/d", "a-b", "") == "/d/a_2db--.log");
}
