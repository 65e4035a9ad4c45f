// The child's side of a spawn: carries out a plan and becomes the program, or says which step failed.
#pragma once

#include "daemons/job-supervisor/process/plan/spawn-failure.hpp"
#include "daemons/job-supervisor/process/plan/spawn-plan.hpp"

#include <atomic>

namespace upstart::supervisor {

// Called in the new process only. With shared memory a failure is left in `failure`, else written to the plan's pipe.
// `at_exec`, if any, becomes true when nothing is left to be done but to execute.
[[noreturn]] void run_child(SpawnPlan& plan, ChildFailure& failure, std::atomic<bool>* at_exec);

inline constexpr int child_failed_status = 255;

} // namespace upstart::supervisor
