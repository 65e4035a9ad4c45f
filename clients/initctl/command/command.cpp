#include "clients/initctl/command/command.hpp"

#include <algorithm>
#include <format>

namespace upstart::client {

std::optional<std::size_t> most_arguments(const Command& command) {
  if (command.synopsis.ends_with("...")) return std::nullopt;
  if (command.synopsis.empty()) return 0;
  return 1 + static_cast<std::size_t>(std::ranges::count(command.synopsis, ' '));
}

std::vector<Command> in_order_of_groups(std::vector<Command> commands) {
  std::ranges::stable_sort(commands, {},
                           [](const Command& command) { return std::ranges::find(command_groups, command.group); });
  return commands;
}

const Command* find_command(const std::vector<Command>& commands, std::string_view name) {
  auto found = std::ranges::find(commands, name, &Command::name);
  return found == commands.end() ? nullptr : &*found;
}

std::string choices_of(const std::vector<std::string_view>& words) {
  std::string text;
  for (auto word : words) text += std::format("{}{}", text.empty() ? "" : "|", word);
  return text;
}

const std::vector<Option>& common_options() {
  static const std::vector<Option> options{
      {"--session", "", "use the D-Bus session bus to connect to the init daemon"},
      {"--system", "", "use the D-Bus system bus to connect to the init daemon"},
      {"--dest", "NAME", "well-known name of the init daemon on the bus (with --system)"},
      {"--user", "", "talk to the session init that UPSTART_SESSION tells of"},
#ifdef UPSTART_MQTT
      {"--node", "NODE", "have another node of the fleet execute the command (emit: to the nodes that fit a pattern)"},
      {"--time-limit", "SECONDS", "how long to wait for other nodes and the broker; 30 if not given"},
#endif
      {"--json", "", "print JSON instead of text"},
      {"-q,--quiet", "", "print errors only"},
      {"-v,--verbose", "", "print informational messages too"},
      {"-h,--help", "", "show this help and exit"},
      {"--version", "", "show the version of this program and exit"},
  };
  return options;
}

} // namespace upstart::client
