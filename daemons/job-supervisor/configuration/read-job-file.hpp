// The text of a job file as it is on disk now.
#pragma once

#include "daemons/job-supervisor/configuration/catalogue.hpp"

namespace upstart::supervisor {

// Symbolic links are followed; what is not a regular file counts as missing. Never waits for a writer. A file that is
// too large, or large and sparse, is refused without being read.
[[nodiscard]] std::expected<std::string, ReadFault> read_job_file(const std::string& path);

} // namespace upstart::supervisor
