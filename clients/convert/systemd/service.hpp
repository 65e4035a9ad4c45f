// A service of systemd as a job.
#pragma once

#include "clients/convert/output/job.hpp"
#include "clients/convert/systemd/unit.hpp"

#include <expected>
#include <string>
#include <vector>

namespace upstart::convert::systemd {

// `activators` are the sockets, timers and paths that start it, too. Where their sockets need directories, another job
// comes before, which makes these. The error says why there is none: without it a job would do another thing.
[[nodiscard]] std::expected<std::vector<Job>, std::string> jobs_of_service(const Unit& unit,
                                                                           const std::vector<Unit>& activators);

} // namespace upstart::convert::systemd
