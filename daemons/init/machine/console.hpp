// The console and the kernel log, as process 1 has them.
#pragma once

#include "daemons/base/file-descriptor.hpp"

#include <string_view>

namespace upstart::init {

// Descriptors 0 to 2 are open: those that are not become /dev/null, so that what is opened next is not taken for one.
void open_standard_descriptors();

// The console, for reading and writing; it does not become this process's controlling terminal. Empty: there is none.
[[nodiscard]] base::FileDescriptor open_console();

// Standard input is /dev/null; what is written to standard output and error goes to the kernel log, where that can be
// opened, else to the console.
void write_to_kernel_log();

// A line on the console, for whoever stands before the machine. Nothing happens where there is none; it never waits.
void tell_console(std::string_view line);

// The console's settings as a shell wants them, whatever the last program on it did.
void reset_console();

// Control-alt-delete and the keyboard request come as signals from now on, where there is a keyboard.
void ask_kernel_for_signals();

} // namespace upstart::init
