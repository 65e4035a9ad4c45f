// A fault of init itself (SIGSEGV, an assertion) would be the kernel's panic. Instead the fault is told to console and
// kernel log, a child leaves the core dump, and init's program is executed anew in the same process. It finds the jobs
// by what the daemons wrote down. How often that happened lately is handed on in the environment.
#pragma once

#include <string>
#include <vector>

namespace upstart::init {

// From now on. `arguments` are those that the program is executed anew with, its own path first.
void survive_crashes(const std::vector<std::string>& arguments);

// How often init has crashed, the last time included, each time within a minute of the one before; 0: this is an
// ordinary start. Takes the note out of the environment.
[[nodiscard]] unsigned crashes_so_far();

// Executes the program anew, as at a first start; returns where that fails, with the reason.
[[nodiscard]] std::string execute_anew();

} // namespace upstart::init
