#include "clients/initctl/command/help.hpp"

#include "daemons/base/command-line/help-text.hpp"
#include "daemons/base/command-line/wrap.hpp"

#include <nlohmann/json.hpp>

#include <format>
#include <ranges>

namespace upstart::client {

namespace {

constexpr std::size_t description_column = 30;

std::string entry(std::string_view name, std::string_view text, std::size_t width) {
  return base::help_entry(name, text, width, description_column);
}

// "-n,--no-wait" is shown as "-n, --no-wait", an option without a short form below the long ones.
std::string shown(const Option& option) {
  auto comma = option.flags.find(',');
  std::string name = comma == std::string_view::npos
                         ? std::format("    {}", option.flags)
                         : std::format("{}, {}", option.flags.substr(0, comma), option.flags.substr(comma + 1));
  return option.value.empty() ? name : std::format("{}={}", name, option.value);
}

std::string options_text(const std::vector<Option>& own, std::size_t width) {
  std::string text = "Options:\n";
  for (const auto* options : {&own, &common_options()})
    for (const auto& option : *options) text += entry(shown(option), option.help, width);
  return text;
}

std::string values_of(const std::vector<Option>& options) {
  std::string text;
  for (const auto& option : options)
    if (!option.value.empty())
      for (auto flag : option.flags | std::views::split(','))
        text += std::format("value {}{}{}\n", std::string_view{flag}, option.completion.empty() ? "" : " ",
                            option.completion);
  return text;
}

Json options_json(const std::vector<Option>& options) {
  Json list = Json::array();
  for (const auto& option : options) {
    Json flags = Json::array();
    for (auto flag : option.flags | std::views::split(',')) flags.push_back(std::string_view{flag});
    list.push_back(
        {{"flags", flags}, {"value", option.value.empty() ? Json{} : Json(option.value)}, {"help", option.help}});
  }
  return list;
}

} // namespace

std::string general_help(std::size_t width) {
  return std::format("Usage: initctl [OPTION]... COMMAND [OPTION]... [ARG]...\n\n{}\n"
                     "For a list of commands, try `initctl help'.\n",
                     options_text({}, width));
}

std::string list_of_commands(const std::vector<Command>& commands, std::size_t width) {
  std::string text;
  for (auto group : command_groups) {
    text += std::format("{}:\n", group);
    for (const auto& command : commands)
      if (command.group == group) text += entry(command.name, command.summary, width);
    text += "\n";
  }
  return text + "For more information on a command, try `initctl COMMAND --help'.\n";
}

std::string help_of(const Command& command, std::string_view usage_name, std::size_t width) {
  std::string text = std::format("Usage: {} [OPTION]...{}{}\n{}\n\n{}", usage_name, command.synopsis.empty() ? "" : " ",
                                 command.synopsis, command.summary, options_text(command.options, width));
  for (auto paragraph : command.about | std::views::split('\n'))
    text += "\n" + base::wrap(std::string_view{paragraph}, width) + "\n";
  return text;
}

std::string completion_of(const Command* command) {
  std::string text;
  if (command && !command->completion.empty()) text += std::format("arguments {}\n", command->completion);
  if (command) text += values_of(command->options);
  return text + values_of(common_options());
}

std::string version_text(std::string_view program) {
  return std::format("{} (upstart {})\n", program, UPSTART_VERSION);
}

Json general_help_json() {
  return {{"usage", "initctl [OPTION]... COMMAND [OPTION]... [ARG]..."}, {"options", options_json(common_options())}};
}

Json list_of_commands_json(const std::vector<Command>& commands) {
  Json list = Json::array();
  for (const auto& command : commands)
    list.push_back({{"command", command.name}, {"group", command.group}, {"summary", command.summary}});
  return {{"commands", list}};
}

Json help_json_of(const Command& command) {
  return {{"command", command.name},      {"group", command.group}, {"summary", command.summary},
          {"synopsis", command.synopsis}, {"about", command.about}, {"options", options_json(command.options)}};
}

Json version_json(std::string_view program) { return {{"program", program}, {"version", UPSTART_VERSION}}; }

} // namespace upstart::client
