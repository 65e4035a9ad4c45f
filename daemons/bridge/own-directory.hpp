// Where a bridge keeps what must survive it: in the run directory, or, where init has made it one for the account that
// bridges run as, in a directory of its own there.
#pragma once

#include <string>

namespace upstart::bridge {

// The latter where it is this process's user who has it. (One that root runs by hand keeps clear of another's files.)
[[nodiscard]] std::string own_directory(const std::string& run_directory, const std::string& bridge);

} // namespace upstart::bridge
