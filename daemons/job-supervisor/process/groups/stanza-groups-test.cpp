#include "daemons/job-supervisor/process/groups/stanza-groups.hpp"

#include <doctest/doctest.h>

using namespace upstart::supervisor;

TEST_CASE("settings keep their v1 names on v1 and get those of v2 on v2") {
  CHECK(group_setting("memory", "limit_in_bytes", "5M", false) == GroupSetting{"memory.limit_in_bytes", "5M"});
  CHECK(group_setting("memory", "memory.limit_in_bytes", "5M", true) == GroupSetting{"memory.max", "5M"});
  CHECK(group_setting("cpu", "shares", "2048", true) == GroupSetting{"cpu.weight", "200"});
  CHECK(group_setting("pids", "max", "9", true) == GroupSetting{"pids.max", "9"});
}

TEST_CASE("names of groups have no slash of the job's") {
  CHECK(default_group_name("net/web", "") == "upstart/net_web");
  CHECK(default_group_name("web", "a/b") == "upstart/web-a_b");
}
