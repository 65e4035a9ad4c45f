// shutdown: takes the system down at a time, and warns those who are logged in until then. It waits in the foreground;
// a signal, which `shutdown -c` sends, cancels it.
#pragma once

#include "clients/base/process-context.hpp"

#include <string>
#include <vector>

namespace upstart::client {

// `words` begin with the name of the program. The exit status.
[[nodiscard]] int shutdown(const std::vector<std::string>& words, ProcessContext& context);

} // namespace upstart::client
