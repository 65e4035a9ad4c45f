#include "daemons/mqtt-bridge/commands/command-rules.hpp"

#include <algorithm>
#include <format>
#include <ranges>

namespace upstart::mqtt_bridge {

namespace {

struct Rule {
  std::string_view command;
  std::vector<std::string_view> options; // one that ends in "=" has a value
};

const std::vector<Rule>& rules() {
  static const std::vector<Rule> all{
      {"list", {"--all", "--json", "--quiet"}},
      {"status", {"--json", "--quiet"}},
      {"explain", {"--json"}},
      {"start", {"--no-wait", "--json", "--quiet"}},
      {"stop", {"--no-wait", "--json", "--quiet"}},
      {"restart", {"--no-wait", "--json", "--quiet"}},
      {"reload", {"--json"}},
      {"log", {"--lines=", "--json"}},
  };
  return all;
}

bool is_option(const Rule& rule, std::string_view word) {
  return std::ranges::any_of(rule.options, [&](std::string_view option) {
    return option.ends_with('=') ? word.starts_with(option) : word == option;
  });
}

} // namespace

std::expected<std::vector<std::string>, std::string> checked_command(const std::vector<std::string>& words,
                                                                     const FleetConfiguration& configuration) {
  const auto& command = words.front();
  auto rule = std::ranges::find(rules(), command, &Rule::command);
  if (rule == rules().end())
    return std::unexpected(std::format("`{}' is no command that is executed for other nodes", command));
  if (!configuration.allows(command))
    return std::unexpected(std::format("node {} does not allow `{}' to other nodes (`allow' in its fleet.conf)",
                                       configuration.node, command));
  std::vector<std::string> result{command}, arguments;
  bool options_ended = false;
  for (const auto& word : words | std::views::drop(1)) {
    if (!options_ended && word == "--") options_ended = true;
    else if (options_ended || !word.starts_with('-')) arguments.push_back(word);
    else if (is_option(*rule, word)) result.push_back(word);
    else return std::unexpected(std::format("the option {} of `{}' does not go to another node", word, command));
  }
  result.emplace_back("--");
  result.insert(result.end(), arguments.begin(), arguments.end());
  return result;
}

} // namespace upstart::mqtt_bridge
