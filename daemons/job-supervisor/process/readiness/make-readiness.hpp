// Makes the readiness that a job's `expect` asks for.
#pragma once

#include "daemons/job-supervisor/process/notify/notify-sockets.hpp"
#include "daemons/job-supervisor/process/readiness/expect-timeouts.hpp"
#include "daemons/job-supervisor/process/readiness/readiness.hpp"

#include <expected>
#include <memory>
#include <string_view>

namespace upstart::supervisor {

// What they are made with; outlives them.
struct ReadinessResources {
  const ExpectTimeouts& timeouts;
  KeptDescriptors& kept;
  NotifySockets& sockets;
};

// Null for `expect none`. The error: what the system could not provide. `main` must outlive it.
[[nodiscard]] std::expected<std::unique_ptr<Readiness>, SpawnFailure>
make_readiness(const JobClass& job_class, MainProcess& main, const ReadinessResources& resources);

// That of a main process which an earlier supervisor started, from what notes_of wrote. Null also where they are of
// another kind or cannot be read.
[[nodiscard]] std::unique_ptr<Readiness> restore_readiness(const JobClass& job_class, MainProcess& main,
                                                           const ReadinessResources& resources, std::string_view notes);
// The same, where nothing was written down yet: by what the process was given.
[[nodiscard]] std::unique_ptr<Readiness> find_readiness(const JobClass& job_class, MainProcess& main,
                                                        const ReadinessResources& resources, pid_t process);

[[nodiscard]] std::string notes_of(const JobClass& job_class, const Readiness& readiness);

} // namespace upstart::supervisor
