#include "protocol/log-names.hpp"

#include <doctest/doctest.h>

using namespace upstart::protocol;

TEST_CASE("a log is named after job and instance, without slashes") {
  CHECK(log_name("web", "") == "web.log");
  CHECK(log_name("net/web", "a/b") == "net_web-a_b.log");
}

TEST_CASE("two jobs with the same log name have other names that differ") {
  CHECK(log_name("net/web", "") == log_name("net_web", ""));
  CHECK(unlike_log_name("net/web", "") == "net_2fweb--.log");
  CHECK(unlike_log_name("net_web", "") == "net_5fweb--.log");
  CHECK(log_name("a", "b") == log_name("a-b", ""));
  CHECK(unlike_log_name("a", "b") == "a--b.log");
  CHECK(unlike_log_name("a-b", "") == "a_2db--.log");
}

TEST_CASE("a log name is no longer than a file name may be") {
  CHECK(log_name(std::string(500, 'j'), "").size() == 254);
}
