#include "daemons/job-supervisor/process/groups/control-group-mounts.hpp"

#include <doctest/doctest.h>

using namespace upstart::supervisor;

TEST_CASE("control group trees are found where they are mounted, v1 and v2") {
  auto trees = parse_group_trees("33 31 0:30 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
                                 "34 31 0:31 /box /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n"
                                 "35 31 0:32 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd\n"
                                 "36 31 0:33 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
                                 "37 31 0:34 / /tmp rw - tmpfs tmpfs rw\n",
                                 "3:cpu,cpuacct:/here\n2:pids:/box/in\n1:name=systemd:/x\n0::/\n");
  REQUIRE(trees.size() == 3);
  CHECK(trees[0].directory == "/sys/fs/cgroup/cpu,cpuacct/here");
  CHECK(trees[0].controllers == std::vector<std::string>{"cpu", "cpuacct"});
  CHECK(trees[1].directory == "/sys/fs/cgroup/pids/in");
  CHECK(trees[2].unified);
  CHECK(trees[2].directory == "/sys/fs/cgroup/unified");
}

TEST_CASE("where the daemons have a group of their own, those of jobs are beside it") {
  auto trees =
      parse_group_trees("36 31 0:33 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n", "0::/a.service/daemons.upstart\n");
  REQUIRE(trees.size() == 1);
  CHECK(trees[0].directory == "/sys/fs/cgroup/a.service");
}
