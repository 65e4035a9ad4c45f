#include "daemons/job-supervisor/process/plan/sandbox-plan.hpp"

#include "daemons/job-supervisor/language/words/capabilities.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <format>
#include <sys/mount.h>

namespace upstart::supervisor {

namespace {

using Operations = std::vector<MountOperation>;
using Kind = MountOperation::Kind;

constexpr const char *private_tmp = "private tmp", *protect_system = "protect system", *protect_home = "protect home",
                     *protect_except = "protect except";

// Those that `strict` leaves as they are.
constexpr std::array interfaces{"/dev", "/proc", "/sys"};
constexpr std::array system_directories{"/usr", "/boot", "/efi"};
constexpr std::array home_directories{"/home", "/root", "/run/user"};

void add_kept(const Sandbox& sandbox, Kind kind, Operations& operations) {
  if (sandbox.protect_system == ProtectSystem::strict)
    for (const char* path : interfaces)
      operations.push_back({.kind = kind, .path = path, .may_be_missing = true, .stanza = protect_system});
  for (const auto& path : sandbox.writable) {
    bool may_be_missing = path.starts_with('-');
    operations.push_back({.kind = kind,
                          .path = path.substr(may_be_missing ? 1 : 0),
                          .may_be_missing = may_be_missing,
                          .stanza = protect_except});
  }
}

void add_system(const Sandbox& sandbox, Operations& operations) {
  auto add = [&](const char* path) {
    operations.push_back({.kind = Kind::read_only, .path = path, .may_be_missing = true, .stanza = protect_system});
  };
  switch (sandbox.protect_system) {
  case ProtectSystem::off: return;
  case ProtectSystem::strict: return add("/");
  case ProtectSystem::with_etc: add("/etc"); [[fallthrough]];
  case ProtectSystem::usr: std::ranges::for_each(system_directories, add);
  }
}

void add_home(const Sandbox& sandbox, Operations& operations) {
  constexpr unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY;
  if (sandbox.protect_home == ProtectHome::off) return;
  bool is_hidden = sandbox.protect_home == ProtectHome::hidden;
  for (const char* path : home_directories) {
    MountOperation operation{.kind = Kind::read_only, .path = path, .may_be_missing = true, .stanza = protect_home};
    if (sandbox.protect_home != ProtectHome::read_only) {
      operation.kind = Kind::empty;
      operation.options = is_hidden ? "mode=0000" : "mode=0755";
      operation.flags = flags;
    }
    operations.push_back(std::move(operation));
  }
}

void add_tmp(const Sandbox& sandbox, Operations& operations) {
  if (!sandbox.private_tmp) return;
  for (const char* path : {"/tmp", "/var/tmp"})
    operations.push_back({.kind = Kind::empty,
                          .path = path,
                          .options = "mode=1777",
                          .flags = MS_NOSUID | MS_NODEV,
                          .may_be_missing = true,
                          .stanza = private_tmp});
}

std::string names_of(CapabilitySet set) {
  constexpr int last = 63;
  std::string text;
  for (int capability = 0; capability <= last; ++capability)
    if ((set >> static_cast<unsigned>(capability) & 1U) != 0)
      text += (text.empty() ? "" : " ") + name_of_capability(capability);
  return text;
}

// All that want mounts, for what fails before there is any.
std::string stanzas_with_mounts(const Sandbox& sandbox) {
  std::string text;
  std::vector<std::string_view> named;
  for (const auto& operation : mount_operations(sandbox))
    if (!std::ranges::contains(named, std::string_view{operation.stanza})) named.emplace_back(operation.stanza);
  for (auto name : named) text += std::format("{}`{}'", text.empty() ? "" : ", ", name);
  return text;
}

// Why, where it is a matter of rights or of the root directory: who reads it may not know what is lacking.
std::string with_need(std::string stanzas, int error, std::string_view capability) {
  if (error == EPERM || error == EACCES) return std::format("{}: this needs {}", stanzas, capability);
  return stanzas;
}

SpawnFailure failed(std::string_view what, int error, std::string_view stanzas) {
  return {std::format("unable to {}: {} ({})", what, std::strerror(error), stanzas)};
}

SpawnFailure failed_mount(const Operations& operations, const ChildFailure& failure) {
  auto index = static_cast<std::size_t>(failure.detail);
  if (index >= operations.size()) return unable_to("make its mounts", failure.error);
  const auto& operation = operations[index];
  auto stanza = with_need(std::format("`{}'", operation.stanza), failure.error, "CAP_SYS_ADMIN");
  switch (operation.kind) {
  case Kind::read_only: return failed(std::format("make {} read-only", operation.path), failure.error, stanza);
  case Kind::empty:
    return failed(std::format("mount an empty file system on {}", operation.path), failure.error, stanza);
  case Kind::keep:
  case Kind::restore: break;
  }
  return failed(std::format("keep {} as it is", operation.path), failure.error, stanza);
}

} // namespace

// What is kept comes first and back last: what is read-only is so with all that is below it.
std::vector<MountOperation> mount_operations(const Sandbox& sandbox) {
  Operations operations;
  bool protects = sandbox.protect_system != ProtectSystem::off || sandbox.protect_home != ProtectHome::off;
  if (protects) add_kept(sandbox, Kind::keep, operations);
  add_system(sandbox, operations);
  add_home(sandbox, operations);
  add_tmp(sandbox, operations);
  if (protects) add_kept(sandbox, Kind::restore, operations);
  return operations;
}

bool hides(const Sandbox& sandbox, std::string_view path) {
  return std::ranges::any_of(mount_operations(sandbox), [&](const MountOperation& operation) {
    return operation.kind == Kind::empty && (path == operation.path || path.starts_with(operation.path + "/"));
  });
}

std::unique_ptr<SandboxPlan> plan_sandbox(const JobClass& job_class) {
  if (!job_class.sandbox) return nullptr;
  const Sandbox& sandbox = *job_class.sandbox;
  auto plan = std::make_unique<SandboxPlan>();
  plan->no_new_privileges = sandbox.no_new_privileges;
  plan->bounding = sandbox.bounding;
  plan->ambient = sandbox.ambient;
  plan->mounts = mount_operations(sandbox);
  plan->has_mounts = !plan->mounts.empty();
  plan->kept.reserve(plan->mounts.size());
  return plan;
}

bool is_of_sandbox(SpawnStep step) {
  using enum SpawnStep;
  return step == mount_namespace || step == mounts || step == bounding_set || step == ambient_set ||
         step == no_new_privileges;
}

SpawnFailure describe_sandbox(const JobClass& job_class, const ChildFailure& failure) {
  const Sandbox& sandbox = *job_class.sandbox;
  switch (failure.step) {
  case SpawnStep::mount_namespace: {
    auto stanzas = with_need(stanzas_with_mounts(sandbox), failure.error, "CAP_SYS_ADMIN");
    if (failure.error == EINVAL) stanzas += ": this needs a root directory that is a mount point";
    return failed("give the process mounts of its own", failure.error, stanzas);
  }
  case SpawnStep::mounts: return failed_mount(mount_operations(sandbox), failure);
  case SpawnStep::bounding_set:
    return failed("drop capabilities", failure.error, with_need("`capability bounding'", failure.error, "CAP_SETPCAP"));
  case SpawnStep::ambient_set: {
    auto beyond = sandbox.ambient & ~sandbox.bounding;
    auto need = beyond == 0 ? names_of(sandbox.ambient) : names_of(beyond) + " in `capability bounding'";
    return failed("give it capabilities", failure.error, with_need("`capability ambient'", failure.error, need));
  }
  default: return failed("set no_new_privs", failure.error, "`no-new-privs'");
  }
}

} // namespace upstart::supervisor
