// The variables that a job's events and processes are given (lifecycle.md, "Environment of a process"; events.md).
#pragma once

#include "daemons/job-supervisor/lifecycle/life.hpp"

namespace upstart::supervisor {

// RESULT and, where there was a failure, PROCESS, EXIT_STATUS or EXIT_SIGNAL.
[[nodiscard]] protocol::Environment result_environment(const std::optional<Failure>& failure);
// Of the job's own events: JOB, INSTANCE, the result if `with_result`, and what the class exports.
[[nodiscard]] protocol::Environment event_environment(const Life& life, const JobClass& job_class, bool with_result);
// Of a process, but for what its job's name, the session and the descriptors add: it shares that of the run, mostly.
[[nodiscard]] protocol::Environment process_environment(const Life& life, ProcessKind process);

// "TERM" for SIGTERM; the number for a signal without a name.
[[nodiscard]] std::string signal_name(int signal_number);

} // namespace upstart::supervisor
