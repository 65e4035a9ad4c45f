// `memory max` and the like: read back from the control group that the job's process is in, v2 or v1.
#include "daemons/job-supervisor/process/groups/control-group-mounts.hpp"
#include "daemons/job-supervisor/process/groups/stanza-groups.hpp"
#include "daemons/job-supervisor/process/test/process-fixture.hpp"

#include <format>

using namespace upstart;
using namespace upstart::supervisor;
using namespace upstart::supervisor::test;

namespace {

// The directory of the group of a controller that a process is in, as /proc/PID/cgroup and the mounts have it; empty:
// that controller is not here, or its groups may not be made.
std::optional<GroupTree> tree_of(const std::string& controller) {
  auto old_name = controller == "io" ? "blkio" : controller;
  for (const auto& tree : group_trees())
    if (std::ranges::contains(tree.controllers, tree.unified ? controller : old_name)) return tree;
  return std::nullopt;
}

bool may_have_groups(const GroupTree& tree, const std::string& controller) {
  auto probe = std::format("{}/upstart-probe-{}", tree.directory, ::getpid());
  if (tree.unified)
    if (std::ofstream control{tree.directory + "/cgroup.subtree_control"}; !(control << "+" + controller).flush())
      return false;
  std::error_code error;
  std::filesystem::create_directory(probe, error);
  std::filesystem::remove(probe, error);
  return !error;
}

struct Expected {
  const char* controller;
  std::vector<std::pair<const char*, const char*>> unified, old; // file, text
};

const std::vector<Expected> expectations{
    {"memory",
     {{"memory.max", "67108864\n"}, {"memory.high", "33554432\n"}},
     {{"memory.limit_in_bytes", "67108864\n"}, {"memory.soft_limit_in_bytes", "33554432\n"}}},
    {"cpu",
     {{"cpu.weight", "50\n"}, {"cpu.max", "20000 50000\n"}},
     {{"cpu.shares", "512\n"}, {"cpu.cfs_quota_us", "20000\n"}, {"cpu.cfs_period_us", "50000\n"}}},
    {"pids", {{"pids.max", "64\n"}}, {{"pids.max", "64\n"}}}};

GroupLimits limits_of(std::string_view controller) {
  if (controller == "memory") return {.memory_max = MemorySize{64U << 20U}, .memory_high = MemorySize{32U << 20U}};
  if (controller == "cpu") return {.cpu_weight = 50, .cpu_max = ProcessorShare{20'000, 50'000}};
  return {.tasks_max = 64};
}

} // namespace

TEST_CASE("limits are set on the group that the job's processes are in, before they run") {
  for (const auto& expected : expectations) {
    std::string controller = expected.controller;
    auto tree = tree_of(controller);
    if (!tree || !may_have_groups(*tree, controller)) {
      MESSAGE("skipped: no groups of the controller " << controller << " to be had here");
      continue;
    }
    CAPTURE(controller);
    TestJob job;
    job.job_class.name = std::format("limits-{}-{}", controller, ::getpid());
    job.job_class.group_limits.edit() = limits_of(controller);
    auto directory = tree->directory + "/upstart/" + job.job_class.name;
    for (const auto& [file, text] : tree->unified ? expected.unified : expected.old)
      job.job_class.commands[0] =
          Command{(job.job_class.commands[0] ? job.job_class.commands[0]->text
                                             : "grep -c /upstart/" + job.job_class.name + " /proc/self/cgroup\n") +
                      "cat " + directory + "/" + file + "\n",
                  true};
    auto log = [&] {
      REQUIRE(job.spawn());
      REQUIRE(job.await_told("main ended"));
      return contents(job.directory / job.job_class.name + ".log");
    }();
    std::string wanted = "1\n";
    for (const auto& [file, text] : tree->unified ? expected.unified : expected.old) wanted += text;
    CHECK(log == wanted);
    CHECK(job.warnings.empty());
    job.job.reset();
    CHECK_FALSE(std::filesystem::exists(directory));
    ::rmdir((tree->directory + "/upstart").c_str()); // unless it is somebody's
  }
}

TEST_CASE("limits are of the group that cgroup names") {
  auto tree = tree_of("pids");
  if (!tree || !may_have_groups(*tree, "pids")) {
    MESSAGE("skipped: no groups of the controller pids to be had here");
    return;
  }
  auto name = std::format("upstart-test-limits-{}", ::getpid());
  TestJob job;
  job.job_class.control_groups = {{"pids", name, {}}};
  job.job_class.group_limits.edit().tasks_max = 33;
  job.script("cat " + tree->directory + "/" + name + "/pids.max\n:\n");
  CHECK(job.run() == "33\n");
  job.job.reset();
  ::rmdir((tree->directory + "/" + name).c_str());
}

TEST_CASE("a limit that is not available here is warned of by its stanza, and the job runs without") {
  TestJob job;
  job.job_class.group_limits.edit() = {.memory_max = MemorySize{1U << 30U}, .tasks_max = 5};
  auto made = make_stanza_groups(job.job_class, "", {}, {});
  REQUIRE(made);
  CHECK(made->warnings == std::vector<std::string>{"memory max: not available here (no such controller), runs without",
                                                   "tasks max: not available here (no such controller), runs without"});
  CHECK(made->directories.empty());
}

TEST_CASE("a tree that the supervisor may not change is told as one that is not delegated") {
  Directory directory; // no control group at all: there is no cgroup.subtree_control to be written
  JobClass job;
  job.name = "job";
  job.group_limits.edit().cpu_weight = 5;
  auto made = make_stanza_groups(job, "", {}, {GroupTree{true, {"cpu"}, directory.path()}});
  REQUIRE(made);
  CHECK(made->warnings ==
        std::vector<std::string>{"cpu weight: not available here (No such file or directory: the control group that "
                                 "init is in is not delegated to it), runs without"});
}

TEST_CASE(
    "in v2, where nobody but init and its daemons is in their group, they move to make room; others are not moved") {
  auto trees = group_trees();
  auto tree = std::ranges::find_if(trees, [](const auto& one) { return one.unified && !one.controllers.empty(); });
  if (tree == trees.end() || !may_have_groups(*tree, tree->controllers.front())) {
    MESSAGE("skipped: no groups of cgroup v2 with a controller to be had here");
    return;
  }
  auto directory = std::format("{}/upstart-test-room-{}", tree->directory, ::getpid());
  std::filesystem::create_directory(directory);
  for (bool is_alone : {false, true}) {
    pid_t child = ::fork();
    if (child == 0) { // stands for init
      std::ofstream{directory + "/cgroup.procs"} << 0 << std::flush;
      JobClass job;
      job.name = "job";
      job.control_groups = {{tree->controllers.front(), "", {}}};
      auto made = make_stanza_groups(job, "", {}, {GroupTree{true, tree->controllers, directory}},
                                     is_alone ? ::getpid() : ::getpid() + 1);
      bool has_moved = contents("/proc/self/cgroup").contains("/daemons.upstart\n");
      ::_exit(made && made->warnings.empty() == is_alone && has_moved == is_alone ? 0 : 1);
    }
    int status = 1;
    ::waitpid(child, &status, 0);
    CHECK(status == 0);
  }
  for (const char* group : {"/upstart/job", "/upstart", "/daemons.upstart", ""}) ::rmdir((directory + group).c_str());
}

TEST_CASE("a limit of v2 is written into the files of v2, in groups that pass the controller on") {
  Directory directory;
  JobClass job;
  job.name = "job";
  job.group_limits.edit().cpu_max = ProcessorShare{20'000, 50'000};
  std::filesystem::create_directories(directory / "upstart/job");
  for (const char* file : {"cgroup.subtree_control", "upstart/cgroup.subtree_control", "upstart/job/cpu.max"})
    std::ofstream{directory / file};
  auto made = make_stanza_groups(job, "", {}, {GroupTree{true, {"cpu"}, directory.path()}});
  REQUIRE(made);
  CHECK(made->warnings.empty());
  CHECK(made->unified == directory / "upstart/job");
  CHECK(contents(directory / "upstart/job/cpu.max") == "20000 50000");
  CHECK(contents(directory / "upstart/cgroup.subtree_control") == "+cpu");
}

TEST_CASE("a limit that this kernel does not have is ignored with a warning") {
  Directory directory;
  JobClass job;
  job.name = "job";
  job.group_limits.edit().io_weight = 5;
  std::filesystem::create_directories(directory / "upstart/job");
  for (const char* file : {"cgroup.subtree_control", "upstart/cgroup.subtree_control"}) std::ofstream{directory / file};
  auto made = make_stanza_groups(job, "", {}, {GroupTree{true, {"io"}, directory.path()}});
  REQUIRE(made);
  CHECK(made->warnings == std::vector<std::string>{"io weight: the kernel has no io.weight, runs without"});
}
