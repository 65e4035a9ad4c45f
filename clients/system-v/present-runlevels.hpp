// The runlevel that holds, as the tools see it.
#pragma once

#include "clients/system-v/runlevel.hpp"
#include "clients/system-v/system-files.hpp"

namespace upstart::client {

// By the environment of this process, as a job has it; else by utmp; none where nobody has recorded one.
[[nodiscard]] Runlevels present_runlevels(const ProcessContext& context, const SystemFiles& files);

} // namespace upstart::client
