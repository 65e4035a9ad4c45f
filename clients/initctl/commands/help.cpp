// help: the list of commands, or what one of them does.
#include "clients/initctl/command/help.hpp"
#include "clients/base/terminal/terminal.hpp"
#include "clients/initctl/command/command-line.hpp"
#include "clients/initctl/command/command-table.hpp"
#include "daemons/base/command-line/help-text.hpp"

#include <nlohmann/json.hpp>

#include <format>

namespace upstart::client {

namespace {

std::string help_without_command(const Call& call) {
  if (call.has("--completion")) return completion_of(nullptr);
  return call.wants_json() ? to_text(list_of_commands_json(all_commands()))
                           : list_of_commands(all_commands(), base::help_width(terminal_width(call.context)));
}

std::string help_on(const Command& command, const Call& call) {
  if (call.has("--completion")) return completion_of(&command);
  return call.wants_json() ? to_text(help_json_of(command))
                           : help_of(command, std::format("initctl {}", command.name),
                                     base::help_width(terminal_width(call.context)));
}

Outcome help(Call& call) {
  if (call.arguments.empty()) {
    call.context.out.write(help_without_command(call));
    return 0;
  }
  const Command* command = find_command(all_commands(), call.arguments[0]);
  if (!command) return std::unexpected{invalid_command(call.arguments[0], all_commands())};
  call.context.out.write(help_on(*command, call));
  return 0;
}

} // namespace

std::vector<Command> help_commands() {
  return {{.name = "help",
           .group = other_group,
           .summary = "Show the list of commands, or the help of one.",
           .synopsis = "[COMMAND]",
           .about = "Without COMMAND the commands are listed by what they are about.",
           .missing = "",
           .completion = "commands",
           .options = {{"--completion", "", "print what completes the arguments of COMMAND, for shells"}},
           .run = help,
           .daemon = Daemon::not_needed}};
}

} // namespace upstart::client
