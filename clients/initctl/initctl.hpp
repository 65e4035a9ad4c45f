// The whole program but for the process around it: from the words of a command line to output and exit status.
#pragma once

#include "clients/initctl/command/call.hpp"

namespace upstart::client {

[[nodiscard]] int run(const std::vector<std::string>& words, ProcessContext& context);

} // namespace upstart::client
