// Units of systemd, together: sockets, timers and paths become conditions of the services that they are for.
#pragma once

#include "clients/convert/output/job.hpp"

#include <string>
#include <vector>

namespace upstart::convert::systemd {

// With `for_session`, units of a session, wherever their files are.
[[nodiscard]] std::vector<Converted> convert_units(const std::vector<std::string>& paths, bool for_session = false);

} // namespace upstart::convert::systemd
