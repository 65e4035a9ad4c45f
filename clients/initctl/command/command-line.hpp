// The command line: which command is meant, its options and arguments. CLI11 takes options apart; the wording of what
// is wrong is Upstart's own. Options may stand before and after the command and between its arguments; "--" ends them.
#pragma once

#include "clients/initctl/command/command.hpp"

namespace upstart::client {

struct CommandLine {
  std::string program;              // the name it was called by, without directories
  std::string usage_name;           // "initctl start", or "start" for the link
  const Command* command = nullptr; // none where --help or --version is all there is
  GivenOptions options;
  std::vector<std::string> arguments;
};

// `words` begins with the name of the program. The result refers to an entry of `commands`.
[[nodiscard]] std::expected<CommandLine, Failure> parse_command_line(const std::vector<std::string>& words,
                                                                     const std::vector<Command>& commands);

// That there is no such command, and which may have been meant.
[[nodiscard]] Failure invalid_command(const std::string& word, const std::vector<Command>& commands);

} // namespace upstart::client
