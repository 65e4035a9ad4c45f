#include "clients/initctl/command/command-line.hpp"

#include "daemons/base/values/suggestions.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <format>
#include <ranges>

namespace upstart::client {

namespace {

// The name under which an option is kept: its long form.
std::string long_name(const Option& option) { return std::string{option.flags.substr(option.flags.find("--"))}; }

void declare(CLI::App& parser, const Option& option, GivenOptions& given) {
  auto keep = [&given, name = long_name(option)](const std::string& value) { given.add(name, value); };
  if (option.value.empty())
    parser.add_flag_callback(std::string{option.flags}, [keep] { keep(""); })
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast)
        ->trigger_on_parse(); // else they would be kept in the order in which they are declared
  else
    parser.add_option_function<std::string>(std::string{option.flags}, keep)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast)
        ->trigger_on_parse();
}

Failure usage_error(std::string message) { return {std::move(message), true}; }

// The library says "Could not convert: --flag = value".
std::string flag_with_value(std::string_view text) {
  auto colon = text.find(": ");
  auto equals = text.rfind(" = ");
  if (colon == std::string_view::npos || equals == std::string_view::npos) return std::string{text};
  return std::format("{}={}", text.substr(colon + 2, equals - colon - 2), text.substr(equals + 3));
}

Failure translated(const CLI::ParseError& error) {
  std::string_view text = error.what();
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error))
    return usage_error(std::format("missing argument: {}", text.substr(0, text.find(':'))));
  if (dynamic_cast<const CLI::ConversionError*>(&error))
    return usage_error("unexpected argument: " + flag_with_value(text));
  return usage_error(std::string{text});
}

bool is_empty_value_of(const Option& option, std::string_view word) {
  return !option.value.empty() && word.ends_with('=') && word.substr(0, word.size() - 1) == long_name(option);
}

// "--option=" as two words: the library would take the next one for the value.
std::vector<std::string> with_empty_values_apart(const std::vector<std::string>& words,
                                                 const std::vector<Option>& own) {
  std::vector<std::string> result;
  auto end_of_options = std::ranges::find(words, "--");
  for (auto word = words.begin(); word != words.end(); ++word) {
    auto matches = [&](const Option& option) { return is_empty_value_of(option, *word); };
    bool apart =
        word < end_of_options && (std::ranges::any_of(own, matches) || std::ranges::any_of(common_options(), matches));
    result.push_back(apart ? word->substr(0, word->size() - 1) : *word);
    if (apart) result.emplace_back();
  }
  return result;
}

// Takes the known options out of `words`; what is left, with "--" where it stood.
std::expected<std::vector<std::string>, Failure> take_options(const std::vector<std::string>& words,
                                                              const std::vector<Option>& own, bool only_before_command,
                                                              GivenOptions& given) {
  CLI::App parser;
  parser.set_help_flag();
  parser.allow_extras();
  parser.prefix_command(only_before_command);
  for (const auto* options : {&own, &common_options()})
    for (const auto& option : *options) declare(parser, option, given);
  try {
    parser.parse(with_empty_values_apart(words, own) | std::views::reverse | std::ranges::to<std::vector>());
  } catch (const CLI::ParseError& error) { return std::unexpected{translated(error)}; }
  return parser.remaining();
}

bool looks_like_option(std::string_view word) { return word.size() > 1 && word.starts_with('-'); }

// With what may have been meant.
Failure invalid(std::string_view what, std::string_view word, const std::vector<std::string_view>& known) {
  auto failure = usage_error(std::format("invalid {}: {}", what, word));
  failure.hint = base::near_miss(word, known);
  return failure;
}

Failure invalid_option(const std::string& word, const std::vector<Option>& own) {
  std::vector<std::string_view> known;
  for (const auto* options : {&own, &common_options()})
    for (const auto& option : *options) known.push_back(option.flags.substr(option.flags.find("--")));
  auto failure = invalid("option", word, known);
  if (failure.hint.empty()) failure.hint = base::near_miss(std::string_view{word}.substr(0, word.find('=')), known);
  return failure;
}

// What is left of the words are arguments, unless one looks like an option before "--".
std::expected<std::vector<std::string>, Failure> arguments_of(std::vector<std::string> left,
                                                              const std::vector<Option>& own) {
  auto end_of_options = std::ranges::find(left, "--");
  auto unknown = std::find_if(left.begin(), end_of_options, looks_like_option);
  if (unknown != end_of_options) return std::unexpected{invalid_option(*unknown, own)};
  if (end_of_options != left.end()) left.erase(end_of_options);
  return left;
}

bool asks_for_help(const GivenOptions& options) { return options.has("--help") || options.has("--version"); }

// Splits "initctl OPTION... COMMAND REST..." at the command.
std::expected<std::vector<std::string>, Failure>
find_command_word(CommandLine& line, const std::vector<std::string>& words, const std::vector<Command>& commands) {
  auto left = take_options(words, {}, true, line.options);
  if (!left) return left;
  if (!left->empty() && left->front() == "--") left->erase(left->begin());
  if (left->empty()) {
    if (asks_for_help(line.options)) return left;
    return std::unexpected{usage_error("missing command")};
  }
  if (looks_like_option(left->front())) return std::unexpected{invalid_option(left->front(), {})};
  line.command = find_command(commands, left->front());
  if (!line.command) return std::unexpected{invalid_command(left->front(), commands)};
  line.usage_name = std::format("{} {}", line.program, line.command->name);
  left->erase(left->begin());
  return left;
}

std::string name_of_program(const std::string& path) { return path.substr(path.rfind('/') + 1); }

} // namespace

Failure invalid_command(const std::string& word, const std::vector<Command>& commands) {
  std::vector<std::string_view> known;
  for (const auto& command : commands) known.push_back(command.name);
  return invalid("command", word, known);
}

std::expected<CommandLine, Failure> parse_command_line(const std::vector<std::string>& words,
                                                       const std::vector<Command>& commands) {
  CommandLine line;
  line.program = line.usage_name = name_of_program(words.empty() ? "initctl" : words[0]);
  std::vector<std::string> rest = words | std::views::drop(1) | std::ranges::to<std::vector>();
  const Command* called_as = find_command(commands, line.program);
  if (called_as && called_as->is_program) {
    line.command = called_as;
  } else {
    auto after_command = find_command_word(line, rest, commands);
    if (!after_command) return std::unexpected{after_command.error()};
    rest = std::move(*after_command);
  }
  if (!line.command) return line;
  auto arguments =
      take_options(rest, line.command->options, false, line.options).and_then([&](std::vector<std::string> left) {
        return arguments_of(std::move(left), line.command->options);
      });
  if (!arguments) return std::unexpected{arguments.error()};
  line.arguments = std::move(*arguments);
  return line;
}

} // namespace upstart::client
