// upstart-initctl, which knows every command: beside this program in a build, in PREFIX/lib/upstart when installed.
#pragma once

#include <string>

namespace upstart::client::front {

// Becomes that program, with the same words. Returns only if it cannot: why not.
[[nodiscard]] std::string execute_full_program(char** words);

} // namespace upstart::client::front
