// All commands of initctl. The table is generated when the program is built: it joins what every file in commands/
// offers, so that a command is written down in one place only.
#pragma once

#include "clients/initctl/command/command.hpp"

namespace upstart::client {

[[nodiscard]] const std::vector<Command>& all_commands();

} // namespace upstart::client
