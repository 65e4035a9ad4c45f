#include "clients/initctl/command.hpp"

#include "clients/initctl/help.hpp"

#include <algorithm>
#include <array>
#include <iterator>

namespace upstart::client {

namespace {

std::vector<Command> gather() {
  std::vector<Command> commands;
  for (auto family : {job_commands, event_commands, environment_commands, explain_commands, simulate_commands,
                      history_commands, monitor_commands, log_commands, graph_commands, configuration_commands,
                      daemon_commands, session_commands, help_commands})
    std::ranges::move(family(), std::back_inserter(commands));
  return commands;
}

} // namespace

std::optional<std::size_t> most_arguments(const Command& command) {
  if (command.synopsis.ends_with("...")) return std::nullopt;
  if (command.synopsis.empty()) return 0;
  return 1 + static_cast<std::size_t>(std::ranges::count(command.synopsis, ' '));
}

const std::vector<Command>& all_commands() {
  static const std::vector<Command> commands = gather();
  return commands;
}

const Command* find_command(std::string_view name) {
  auto found = std::ranges::find(all_commands(), name, &Command::name);
  return found == all_commands().end() ? nullptr : &*found;
}

bool is_link_name(std::string_view name) {
  constexpr std::array links{"start", "stop", "restart", "reload", "status"};
  return std::ranges::contains(links, name);
}

const std::vector<Option>& common_options() {
  static const std::vector<Option> options{
      {"--session", "", "use the D-Bus session bus to connect to the init daemon"},
      {"--system", "", "use the D-Bus system bus to connect to the init daemon"},
      {"--dest", "NAME", "well-known name of the init daemon on the bus (with --system)"},
      {"--user", "", "talk to the session init that UPSTART_SESSION tells of"},
      {"--json", "", "print JSON instead of text"},
      {"-q,--quiet", "", "print errors only"},
      {"-v,--verbose", "", "print informational messages too"},
      {"--help", "", "show this help and exit"},
      {"--version", "", "show the version of this program and exit"},
  };
  return options;
}

} // namespace upstart::client
