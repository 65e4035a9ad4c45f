// How a command of a job file is executed: which words make up the argument vector, whether a shell is needed, and what
// that shell reads. Pure.
#pragma once

#include "daemons/job-supervisor/language/model/job-class.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace upstart::supervisor {

struct CommandLine {
  std::vector<std::string> arguments{}; // the first is looked up in PATH unless it has a slash
  std::string script{};                 // what the shell reads from `script_descriptor`; empty: nothing
  int script_descriptor = -1;
  friend bool operator==(const CommandLine&, const CommandLine&) = default;
};

// `parameters` become $1 $2 … where a shell runs the command. The script's descriptor is 9, or behind the `files`
// descriptors that start at 3 where these reach so far.
[[nodiscard]] CommandLine command_line(const Command& command, const std::vector<std::string>& parameters = {},
                                       std::size_t files = 0);

// Whether the text of an exec needs a shell to be understood.
[[nodiscard]] bool needs_shell(std::string_view text);

} // namespace upstart::supervisor
