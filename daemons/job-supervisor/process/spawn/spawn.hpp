// Makes the child that carries out a plan.
#pragma once

#include "daemons/job-supervisor/process/spawn/child.hpp"
#include "daemons/job-supervisor/process/spawn/shared-start.hpp"

#include <memory>
#include <optional>

namespace upstart::supervisor {

struct Spawned {
  pid_t pid = 0;
  base::FileDescriptor pidfd;
  std::uint64_t earliest = 0, latest = 0; // clock ticks since boot between which it was started
  // Whether it could execute: where memory was shared this is known now (`failure`, if any), unless it is held up; else
  // the pipe tells: closed without a word when it did, with a ChildFailure when not.
  base::FileDescriptor failure_pipe;
  std::optional<ChildFailure> failure;
  std::unique_ptr<SharedStart> held_up; // its execution takes long: to be asked again, and given back
  bool in_group = false;                // whether it began in the control group
};

// `control_group`: a directory of cgroup v2 in which the child is to begin, or -1.
[[nodiscard]] std::expected<Spawned, SpawnFailure> spawn_child(std::unique_ptr<SpawnPlan> plan, int control_group = -1);

} // namespace upstart::supervisor
