// What the program says about itself: the general help, the list of commands, the help of one command, the version.
#pragma once

#include "clients/initctl/command/command.hpp"

namespace upstart::client {

[[nodiscard]] std::string general_help(std::size_t width);
[[nodiscard]] std::string list_of_commands(const std::vector<Command>& commands, std::size_t width);
// `usage_name` is what the user types: "initctl start", or "start" for the link.
[[nodiscard]] std::string help_of(const Command& command, std::string_view usage_name, std::size_t width);
[[nodiscard]] std::string version_text(std::string_view program);

// For the shell completions: a line "arguments WORD..." as the command's entry has it, then a line "value OPTION" for
// each option that takes a value, with " directories" where that is one. Without a command: the options of every
// command.
[[nodiscard]] std::string completion_of(const Command* command);

// What the first four say, as JSON.
[[nodiscard]] Json general_help_json();
[[nodiscard]] Json list_of_commands_json(const std::vector<Command>& commands);
[[nodiscard]] Json help_json_of(const Command& command);
[[nodiscard]] Json version_json(std::string_view program);

} // namespace upstart::client
