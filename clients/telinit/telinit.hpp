// telinit: asks the init of the system for a runlevel, to read its job files again, or to execute itself anew.
#pragma once

#include "clients/base/process-context.hpp"

#include <string>
#include <vector>

namespace upstart::client {

// `words` begin with the name of the program. The exit status.
[[nodiscard]] int telinit(const std::vector<std::string>& words, ProcessContext& context);

} // namespace upstart::client
