// Why the child of a launch could not become its program, in the words of its job file: the object of the step that
// failed, and what is wrong with it where that shows.
#pragma once

#include "daemons/job-supervisor/process/plan/spawn-failure.hpp"

#include <string_view>

namespace upstart::supervisor {

// Of the stanza `tmpfiles`.
inline constexpr std::string_view tmpfiles_program = "systemd-tmpfiles";

// What is told of a failure in the child.
[[nodiscard]] SpawnFailure describe_failure(const JobClass& job_class, ProcessKind kind, const ChildFailure& failure);

} // namespace upstart::supervisor
