// How initctl's small program hands on to the full one a command that it may have given already: the token of that
// command in a variable of the environment, so that the full program gives the same one again.
#pragma once

#include <cstddef>

namespace upstart::client {

inline constexpr const char* command_token_variable = "UPSTART_COMMAND_TOKEN";
inline constexpr std::size_t command_token_digits = 32; // hexadecimal; with ".1" behind it the first command's token

} // namespace upstart::client
