#include "daemons/job-supervisor/process/groups/stanza-groups.hpp"

#include <doctest/doctest.h>

using namespace upstart::supervisor;

namespace {

using Settings = std::vector<GroupSetting>;

} // namespace

TEST_CASE("settings keep their v1 names on v1 and get those of v2 on v2") {
  CHECK(group_settings("memory", "limit_in_bytes", "5M", false) == Settings{{"memory.limit_in_bytes", "5M"}});
  CHECK(group_settings("memory", "memory.limit_in_bytes", "5M", true) == Settings{{"memory.max", "5M"}});
  CHECK(group_settings("cpu", "shares", "2048", true) == Settings{{"cpu.weight", "200"}});
  CHECK(group_settings("pids", "max", "9", true) == Settings{{"pids.max", "9"}});
}

TEST_CASE("settings in the words of v2 get those of v1 on v1") {
  CHECK(group_settings("memory", "max", "5M", false) == Settings{{"memory.limit_in_bytes", "5M"}});
  CHECK(group_settings("memory", "high", "max", false) == Settings{{"memory.soft_limit_in_bytes", "-1"}});
  CHECK(group_settings("cpu", "weight", "50", false) == Settings{{"cpu.shares", "512"}});
  CHECK(group_settings("cpu", "max", "20000 50000", false) ==
        Settings{{"cpu.cfs_period_us", "50000"}, {"cpu.cfs_quota_us", "20000"}});
  CHECK(group_settings("cpu", "max", "max", false) == Settings{{"cpu.cfs_quota_us", "-1"}});
  CHECK(group_settings("io", "weight", "1", false) == Settings{{"blkio.weight", "10"}});
  CHECK(group_settings("cpu", "max", "20000 50000", true) == Settings{{"cpu.max", "20000 50000"}});
}

TEST_CASE("limits are settings of the groups of their controllers") {
  GroupLimits limits{.memory_max = MemorySize{50, true},
                     .memory_high = MemorySize{4096},
                     .cpu_weight = 7,
                     .cpu_max = ProcessorShare{20'000, 50'000},
                     .tasks_max = without_limit,
                     .io_weight = 9};
  CHECK(groups_of(limits, 1000) == std::vector<ControlGroup>{{"memory", "", {{"high", "4096"}, {"max", "500"}}},
                                                             {"cpu", "", {{"weight", "7"}, {"max", "20000 50000"}}},
                                                             {"pids", "", {{"max", "max"}}},
                                                             {"io", "", {{"weight", "9"}}}});
}

TEST_CASE("names of groups have no slash of the job's") {
  CHECK(default_group_name("net/web", "") == "upstart/net_web");
  CHECK(default_group_name("web", "a/b") == "upstart/web-a_b");
}
