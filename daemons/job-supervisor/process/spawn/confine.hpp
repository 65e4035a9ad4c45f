// The child's steps that confine it, as its plan has them. Each is for the new process only, and only one that has a
// memory of its own may make mounts. They allocate nothing and take no lock. The result is the error, or 0.
#pragma once

#include "daemons/job-supervisor/process/plan/sandbox-plan.hpp"

namespace upstart::supervisor {

// Enters the mounts that an earlier process of the instance has made, or a copy of the supervisor's whose changes
// nobody else sees. In a copy the directory `root` can be the root of what `make_mounts` changes. Before the process
// changes its root.
int enter_mount_namespace(SandboxPlan& plan, const char* root);
// Changes the mounts as the operations say, and hands them on to later processes; `operation`: the number of the one
// that fails. When it has changed its root.
int make_mounts(SandboxPlan& plan, int& operation);
// Loses what the plan does not leave it, and prepares for `raise_ambient_set`. Before the process changes its user.
int drop_from_bounding_set(const SandboxPlan& plan);
// Gets what the plan gives it. When it has changed its user.
int raise_ambient_set(const SandboxPlan& plan);
int forbid_new_privileges(const SandboxPlan& plan);

} // namespace upstart::supervisor
