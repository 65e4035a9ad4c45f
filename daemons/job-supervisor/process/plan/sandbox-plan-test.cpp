#include "daemons/job-supervisor/process/plan/sandbox-plan.hpp"
#include "daemons/job-supervisor/process/plan/spawn-plan.hpp"

#include <doctest/doctest.h>

#include <cerrno>

using namespace upstart::supervisor;

namespace {

std::vector<std::string> in_words(const Sandbox& sandbox) {
  constexpr std::array kinds{"keep", "read-only", "empty", "restore"};
  std::vector<std::string> words;
  for (const auto& operation : mount_operations(sandbox))
    words.push_back(std::string{kinds.at(static_cast<std::size_t>(operation.kind))} + " " + operation.path);
  return words;
}

JobClass class_with(const Sandbox& sandbox) {
  JobClass job;
  job.sandbox.edit() = sandbox;
  return job;
}

SpawnPlan plan_of(const JobClass& job) {
  return make_plan(job, SpawnRequest{}, CommandLine{.arguments = {"/bin/true"}, .script = {}}, SpawnDefaults{});
}

} // namespace

TEST_CASE("what stays writable is kept before anything becomes read-only, and put back last") {
  CHECK(in_words({.private_tmp = true, .protect_system = ProtectSystem::strict, .writable = {"/var/lib/a"}}) ==
        std::vector<std::string>{"keep /dev", "keep /proc", "keep /sys", "keep /var/lib/a", "read-only /", "empty /tmp",
                                 "empty /var/tmp", "restore /dev", "restore /proc", "restore /sys",
                                 "restore /var/lib/a"});
  CHECK(in_words({.protect_system = ProtectSystem::with_etc, .protect_home = ProtectHome::read_only}) ==
        std::vector<std::string>{"read-only /etc", "read-only /usr", "read-only /boot", "read-only /efi",
                                 "read-only /home", "read-only /root", "read-only /run/user"});
  CHECK(in_words({.writable = {"/a"}}).empty());
  CHECK(in_words({.no_new_privileges = true, .bounding = 0}).empty());
}

TEST_CASE("what lies below something empty cannot be seen") {
  CHECK(hides({.private_tmp = true}, "/tmp/run"));
  CHECK_FALSE(hides({.private_tmp = true}, "/tmpfiles"));
  CHECK(hides({.protect_home = ProtectHome::hidden}, "/run/user/1000/upstart"));
  CHECK_FALSE(hides({.protect_home = ProtectHome::read_only}, "/run/user/1000/upstart"));
  CHECK_FALSE(hides({}, "/run/upstart"));
}

TEST_CASE("a job that says nothing of a sandbox has no plan of one") {
  CHECK(plan_of(JobClass{}).sandbox == nullptr);
  CHECK(plan_of(class_with({.private_tmp = true})).sandbox != nullptr);
}

TEST_CASE("memory is shared with a child that only gives something up, not with one that makes mounts") {
  auto shares = [](const Sandbox& sandbox) { return plan_of(class_with(sandbox)).shares_memory; };
  CHECK(shares({.no_new_privileges = true, .bounding = 1}));
  CHECK_FALSE(shares({.private_tmp = true}));
  CHECK_FALSE(shares({.protect_home = ProtectHome::hidden}));
  CHECK_FALSE(shares({.ambient = 1}));
}

TEST_CASE("a step that fails is told with its stanza, and what it lacks") {
  auto told = [](const Sandbox& sandbox, SpawnStep step, int error, int detail = 0) {
    return describe_sandbox(class_with(sandbox), {step, error, detail}).reason;
  };
  const Sandbox mounts{.private_tmp = true, .protect_home = ProtectHome::hidden, .writable = {"/a"}};
  CHECK(told(mounts, SpawnStep::mount_namespace, EPERM) ==
        "unable to give the process mounts of its own: Operation not permitted (`protect except', `protect home', "
        "`private tmp': this needs CAP_SYS_ADMIN)");
  CHECK(told(mounts, SpawnStep::mount_namespace, EINVAL).ends_with("needs a root directory that is a mount point)"));
  CHECK(told(mounts, SpawnStep::mounts, ENOENT, 0) ==
        "unable to keep /a as it is: No such file or directory (`protect except')");
  CHECK(told(mounts, SpawnStep::mounts, EPERM, 1) ==
        "unable to mount an empty file system on /home: Operation not permitted (`protect home': this needs "
        "CAP_SYS_ADMIN)");
  CHECK(told({.bounding = 0}, SpawnStep::bounding_set, EPERM) ==
        "unable to drop capabilities: Operation not permitted (`capability bounding': this needs CAP_SETPCAP)");
  CHECK(told({.ambient = 1}, SpawnStep::ambient_set, EPERM) ==
        "unable to give it capabilities: Operation not permitted (`capability ambient': this needs CAP_CHOWN)");
  CHECK(told({.bounding = 2, .ambient = 1}, SpawnStep::ambient_set, EPERM)
            .ends_with("this needs CAP_CHOWN in `capability bounding')"));
  CHECK(told(mounts, SpawnStep::mounts, EIO, 99) == "unable to make its mounts: Input/output error");
}
