// The whole state as JSON, for humans and tools (GetState).
#pragma once

#include "daemons/job-supervisor/jobs/job-manager.hpp"

#include <string>

namespace upstart::supervisor {

[[nodiscard]] std::string dump_state(const JobManager& manager);

} // namespace upstart::supervisor
