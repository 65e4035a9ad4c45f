// Which end of a process is a failure, and how clients are told of it.
#pragma once

#include "daemons/job-supervisor/language/model/job-class.hpp"

namespace upstart::supervisor {

// The number that the signal Failed carries for a wait status: the exit status, or the signal's number shifted left
// by eight bits.
[[nodiscard]] int failed_status(int wait_status);
// Is this end of a main process that nobody asked for a failure of its job?
[[nodiscard]] bool is_failure(const JobClass& job_class, int wait_status);

} // namespace upstart::supervisor
