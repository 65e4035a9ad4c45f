#include "daemons/job-supervisor/process/groups/job-group.hpp"

#include "daemons/job-supervisor/process/groups/control-group-mounts.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sys/wait.h>
#include <unistd.h>

using namespace upstart::supervisor;

namespace {

std::string unified_tree() {
  for (const GroupTree& tree : group_trees())
    if (tree.unified) return tree.directory;
  return {};
}

bool can_make_groups(const JobGroups& groups) {
  if (!groups.available()) MESSAGE("skipped: no control group can be made here");
  return groups.available();
}

pid_t start_process() {
  pid_t process = ::fork();
  if (process == 0)
    for (;;) ::pause();
  return process;
}

void end_process(pid_t process) {
  ::kill(process, SIGKILL);
  ::waitpid(process, nullptr, 0);
}

// The group of a supervisor that is no more, with two groups of jobs. Any supervisor on this machine may remove it
// while nobody is in it.
struct Abandoned {
  Abandoned(const std::string& tree, pid_t member) {
    pid_t dead = ::fork();
    if (dead == 0) ::_exit(0);
    ::waitpid(dead, nullptr, 0);
    base = tree + "/upstart-" + std::to_string(dead);
    std::error_code ignored;
    do std::filesystem::create_directory(base, ignored);
    while (member > 0 && !(std::ofstream{base + "/cgroup.procs"} << member << std::flush));
    for (const char* job : {"/one.1", "/two.2"}) std::filesystem::create_directory(base + job, ignored);
  }
  ~Abandoned() {
    for (const char* job : {"/one.1", "/two.2", ""}) ::rmdir((base + job).c_str());
  }
  Abandoned(const Abandoned&) = delete;
  Abandoned& operator=(const Abandoned&) = delete;
  [[nodiscard]] bool has(const char* job) const { return std::filesystem::exists(base + job); }

  std::string base;
};

} // namespace

TEST_CASE("what a supervisor that is no more has left is removed when nobody is in it, and not looked into before") {
  auto tree = unified_tree();
  if (!can_make_groups(JobGroups{true})) return;
  pid_t job = start_process();
  Abandoned empty{tree, 0}, inhabited{tree, job};
  {
    JobGroups groups{true};
    CHECK_FALSE(empty.has(""));
    CHECK(inhabited.has("/one.1"));
    CHECK(inhabited.has("/two.2"));
  }
  end_process(job);
  JobGroups groups{true};
  CHECK_FALSE(inhabited.has(""));
}

TEST_CASE("a group can be made after its supervisor's directory was removed by one that does not see that process") {
  JobGroups groups{true};
  if (!can_make_groups(groups)) return;
  auto first = groups.create("one", "");
  REQUIRE(::rmdir(first.c_str()) == 0);
  REQUIRE(::rmdir(std::filesystem::path{first}.parent_path().c_str()) == 0);
  auto second = groups.create("two", "");
  CHECK(std::filesystem::exists(second));
  CHECK(groups.remove(second));
}

TEST_CASE("the group of a process tells which job's it is, and a process that is in none tells of none") {
  JobGroups groups{true};
  if (!can_make_groups(groups)) return;
  auto group = groups.create("one", "");
  pid_t job = start_process(), other = start_process();
  REQUIRE(bool{std::ofstream{group + "/cgroup.procs"} << job << std::flush});
  CHECK(groups.find(job) == group);
  CHECK(groups.find(other).empty());
  end_process(job);
  end_process(other);
  CHECK(groups.find(job).empty());
  CHECK(groups.remove(group));
}

TEST_CASE("an empty group of somebody else stays, whatever it begins with") {
  auto tree = unified_tree();
  if (!can_make_groups(JobGroups{true})) return;
  auto group = tree + "/upstart-x" + std::to_string(::getpid());
  REQUIRE(std::filesystem::create_directory(group));
  JobGroups groups{true};
  CHECK(std::filesystem::exists(group));
  CHECK(groups.remove(group + "/gone"));
  CHECK(std::filesystem::exists(group));
  ::rmdir(group.c_str());
}

TEST_CASE("a group's short form is what it is called below the supervisor's own directory") {
  JobGroups groups{true};
  if (!can_make_groups(groups)) return;
  auto own = groups.create("job", "one");
  CHECK(groups.shortened(own) == "job-one.1");
  CHECK(groups.path_of("job-one.1") == own);
  for (const std::string other : {"", "/sys/fs/cgroup/other/job.1"}) {
    CHECK(groups.shortened(other) == other);
    CHECK(groups.path_of(other) == other);
  }
  CHECK(groups.remove(own));
}
