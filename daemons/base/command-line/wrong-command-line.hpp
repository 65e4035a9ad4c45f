// What a program says of a command line that it cannot take: the same words for daemons, init and clients.
#pragma once

#include <string>
#include <string_view>

namespace CLI {
class App;
class ParseError;
} // namespace CLI

namespace upstart::base {

// Lines for standard error, each of the first with the name of who says it in front: "NAME: invalid option: --socekt",
// "NAME: did you mean `--socket`?" where an option that is shown in the help is near; then where to read more, which is
// `command` with --help: the program's own name, if it is empty.
[[nodiscard]] std::string wrong_command_line(const CLI::App& app, const CLI::ParseError& error, std::string_view name,
                                             std::string_view command = {});

} // namespace upstart::base
