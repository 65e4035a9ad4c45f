// reboot, halt and poweroff: through shutdown, or at once by the system call, where that is asked for or the system is
// on its way down already.
#pragma once

#include "clients/base/process-context.hpp"
#include "clients/reboot/machine.hpp"

#include <string>
#include <vector>

namespace upstart::client {

// `words` begin with the name of the program, which says what is done. The exit status.
[[nodiscard]] int reboot(const std::vector<std::string>& words, ProcessContext& context, Machine& machine);

} // namespace upstart::client
