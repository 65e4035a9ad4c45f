// upstart-rc: runs the System V scripts of a runlevel, for systems that have no runner of their own.
#pragma once

#include "clients/base/process-context.hpp"

#include <string>
#include <vector>

namespace upstart::client {

// `words` begin with the name of the program. The exit status: 0 also where scripts failed, which is told on standard
// error.
[[nodiscard]] int rc(const std::vector<std::string>& words, ProcessContext& context);

} // namespace upstart::client
