// What the program says about itself: the general help, the list of commands, the help of one command, the version.
#pragma once

#include "clients/initctl/command.hpp"

namespace upstart::client {

[[nodiscard]] std::string general_help();
[[nodiscard]] std::string list_of_commands();
// `usage_name` is what the user types: "initctl start", or "start" for the link.
[[nodiscard]] std::string help_of(const Command& command, std::string_view usage_name);
[[nodiscard]] std::string version_text(std::string_view program);

// The same as JSON.
[[nodiscard]] Json general_help_json();
[[nodiscard]] Json list_of_commands_json();
[[nodiscard]] Json help_json_of(const Command& command);
[[nodiscard]] Json version_json(std::string_view program);

[[nodiscard]] std::vector<Command> help_commands();

// Text folded to lines of at most `width`, each after the first indented.
[[nodiscard]] std::string wrap(std::string_view text, std::size_t width, std::size_t indentation = 0);

} // namespace upstart::client
