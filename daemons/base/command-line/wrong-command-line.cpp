#include "daemons/base/command-line/wrong-command-line.hpp"

#include "daemons/base/values/suggestions.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <format>

namespace upstart::base {

namespace {

bool looks_like_option(const std::string& word) { return word.size() > 1 && word.starts_with('-'); }

// The first that is neither an option of the program nor behind the end of the options; empty: there is none.
std::string unknown_option(const CLI::App& app) {
  auto words = app.remaining();
  auto end = std::ranges::find(words, "--");
  auto found = std::find_if(words.begin(), end, looks_like_option);
  return found == end ? "" : *found;
}

std::string meant_option(const CLI::App& app, std::string_view word) {
  std::vector<std::string> names;
  for (const auto* option : app.get_options())
    if (!option->get_group().empty())
      for (const auto& name : option->get_lnames()) names.push_back("--" + name);
  return near_miss(word.substr(0, word.find('=')), std::vector<std::string_view>{names.begin(), names.end()});
}

// The library has many words for a superfluous argument.
std::string words_of(const CLI::App& app, const CLI::ParseError& error) {
  auto left = app.remaining();
  bool superfluous = dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr && !left.empty();
  return superfluous ? "unexpected argument: " + left.front() : error.what();
}

} // namespace

std::string wrong_command_line(const CLI::App& app, const CLI::ParseError& error, std::string_view name,
                               std::string_view command) {
  auto unknown = unknown_option(app);
  auto text = std::format("{}: {}\n", name, unknown.empty() ? words_of(app, error) : "invalid option: " + unknown);
  if (auto meant = meant_option(app, unknown); !meant.empty()) text += std::format("{}: {}\n", name, meant);
  return text + std::format("Try `{} --help' for more information.\n", command.empty() ? app.get_name() : command);
}

} // namespace upstart::base
