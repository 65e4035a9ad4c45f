// The descriptors of a process where sockets are offered to its job.
#pragma once

#include "daemons/job-supervisor/process/processes.hpp"

namespace upstart::supervisor {

// The request with the offered sockets before its files, each with its name; of the files those stay that are not one
// of these sockets. A socket that nobody else uses is made to block, as most programs expect, whatever the process
// before made of it.
[[nodiscard]] SpawnRequest with_offered_files(SpawnRequest request);

} // namespace upstart::supervisor
