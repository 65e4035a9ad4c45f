// Runs scripts, each once those that it waits for have ended, so many at a time, and says how those ended that failed.
// A script that fails holds nothing up.
#pragma once

#include "clients/rc/order/dependencies.hpp"

#include <functional>
#include <string>
#include <vector>

namespace upstart::client {

struct ScriptCall {
  std::string path, argument;
};

// `tell` is called with a sentence for each that could not be run or failed. Scripts without a "#!" line are given to
// /bin/sh; one that is not executable is passed over. They inherit this process's environment and streams.
void run_scripts(const std::vector<ScriptCall>& scripts, const Waits& waits, std::size_t at_a_time,
                 const std::function<void(const std::string&)>& tell);

} // namespace upstart::client
