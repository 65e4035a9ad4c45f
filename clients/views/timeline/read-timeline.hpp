// Asks the supervisor for the runs of jobs.
#pragma once

#include "clients/base/upstart.hpp"
#include "clients/views/timeline/critical-chain.hpp"

namespace upstart::client {

// Throws sdbus::Error.
[[nodiscard]] Timeline read_timeline(Connection& connection);
[[nodiscard]] Emitters read_emitters(Upstart& upstart);

} // namespace upstart::client
