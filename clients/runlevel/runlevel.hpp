// runlevel: prints the previous and the current runlevel of the system, or records a change of it, for scripts of old.
#pragma once

#include "clients/base/process-context.hpp"

#include <string>
#include <vector>

namespace upstart::client {

// `words` begin with the name of the program. The exit status: 1 where the runlevel is not known.
[[nodiscard]] int runlevel(const std::vector<std::string>& words, ProcessContext& context);

} // namespace upstart::client
