// Makes the readiness that a job's `expect` asks for.
#pragma once

#include "daemons/job-supervisor/process/readiness/expect-timeouts.hpp"
#include "daemons/job-supervisor/process/readiness/readiness.hpp"

#include <expected>
#include <memory>

namespace upstart::supervisor {

// Null for `expect none`. The error: what the system could not provide. `main` must outlive it.
[[nodiscard]] std::expected<std::unique_ptr<Readiness>, SpawnFailure>
make_readiness(const JobClass& job_class, MainProcess& main, const ExpectTimeouts& timeouts);

} // namespace upstart::supervisor
