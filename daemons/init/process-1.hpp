// Process 1 of a machine: what it does before and around the work of init, so that it never returns and never dies.
// What goes wrong is told on the console and in the kernel log; then a shell on the console lets the machine be
// repaired, and when that ends init begins anew.
#pragma once

#include "daemons/init/configuration/options.hpp"

namespace upstart::init {

// `command_line` is that of this program, its own path first.
[[noreturn]] void lead_machine(const Options& options, const std::vector<std::string>& command_line);

} // namespace upstart::init
