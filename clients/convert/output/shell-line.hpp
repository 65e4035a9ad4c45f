// A line that somebody wrote for the shell. Pure.
#pragma once

#include <string_view>

namespace upstart::convert {

// Whether the shell can become what the line runs (`exec LINE'): it is one command, a program with its words and
// redirections, and not a list, a pipeline, an assignment, a keyword or a built-in command of the shell.
[[nodiscard]] bool is_one_program(std::string_view line);

} // namespace upstart::convert
