// The whole program but for the process around it: from the words of a command line to output and exit status.
#pragma once

#include "clients/initctl/call.hpp"

namespace upstart::client {

[[nodiscard]] int run(const std::vector<std::string>& words, Surroundings& surroundings);

} // namespace upstart::client
