// The steps a child takes before it becomes the job's program, in their order, and what is said when one fails.
#pragma once

#include "daemons/job-supervisor/process/processes.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace upstart::supervisor {

enum class SpawnStep : std::uint8_t {
  session,
  descriptors,
  console,
  apparmor,
  limit,
  nice,
  oom,
  chroot,
  chdir,
  find_user,
  find_group,
  ownership,
  groups,
  control_group,
  set_group,
  set_user,
  signals,
  execute,
  // Of the sandbox. Behind the others, whose numbers stand in notes.
  mount_namespace,
  mounts,
  bounding_set,
  ambient_set,
  no_new_privileges
};
inline constexpr SpawnStep last_spawn_step = SpawnStep::no_new_privileges;

// What the child tells its parent: small enough to arrive in one piece.
struct ChildFailure {
  SpawnStep step{};
  int error = 0;  // errno
  int detail = 0; // which resource, of a limit; which operation, of mounts
};

[[nodiscard]] SpawnFailure describe(const ChildFailure& failure);
// RLIMIT_… as `limit' names it.
[[nodiscard]] std::string resource_name(int resource);
// "unable to WHAT: ERROR", for what fails before there is a child.
[[nodiscard]] SpawnFailure unable_to(std::string_view what, int error);

} // namespace upstart::supervisor
