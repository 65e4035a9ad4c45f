#include "clients/system-v/program.hpp"

#include "daemons/base/command-line/wrap.hpp"
#include "daemons/base/values/suggestions.hpp"

#include <algorithm>
#include <cstring>
#include <format>
#include <iterator>
#include <ranges>

namespace upstart::client {

namespace {

std::vector<std::string> flags_of(const ProgramOption& option) {
  std::vector<std::string> flags;
  for (auto part : option.flags | std::views::split(',')) flags.emplace_back(std::string_view{part});
  return flags;
}

std::string key_of(const ProgramOption& option) {
  auto flag = flags_of(option).back();
  return flag.substr(flag.find_first_not_of('-'));
}

// -h is the help where the program means nothing else by it.
const std::vector<ProgramOption>& common_options(const Program& program) {
  static constexpr auto made = [](const char* help) {
    return std::vector<ProgramOption>{
        {"-q,--quiet", "", "say nothing but errors"},
        {"-v,--verbose", "", ""},
        {help, "", "show this help and exit"},
        {"--version", "", "show the version and exit"},
    };
  };
  static const auto usual = made("-h,--help"), without_short_help = made("--help");
  bool has_own = std::ranges::any_of(
      program.options, [](const ProgramOption& option) { return std::ranges::contains(flags_of(option), "-h"); });
  return has_own ? without_short_help : usual;
}

const ProgramOption* find_option(const Program& program, const std::string& flag) {
  for (const auto* options : {&program.options, &common_options(program)})
    for (const auto& option : *options)
      if (std::ranges::contains(flags_of(option), flag)) return &option;
  return nullptr;
}

std::unexpected<Failure> usage_error(std::string message) { return std::unexpected{Failure{std::move(message), true}}; }

// With what may have been meant.
std::unexpected<Failure> invalid_option(const Program& program, const std::string& flag) {
  std::vector<std::string> shown;
  for (const auto* options : {&program.options, &common_options(program)})
    for (const auto& option : *options)
      if (!option.help.empty()) std::ranges::copy(flags_of(option), std::back_inserter(shown));
  return std::unexpected{Failure{"invalid option: " + flag, true,
                                 flag.starts_with("--")
                                     ? base::near_miss(flag, std::vector<std::string_view>{shown.begin(), shown.end()})
                                     : std::string{}}};
}

// Takes one word after the other apart.
class WordReader {
public:
  WordReader(const Program& program, const std::vector<std::string>& words) : program_{program}, words_{words} {}

  std::expected<GivenWords, Failure> read() {
    bool options_have_ended = false;
    for (; at_ < words_.size(); ++at_) {
      const auto& word = words_[at_];
      std::expected<void, Failure> taken;
      if (options_have_ended || word.size() < 2 || word[0] != '-') given_.arguments.push_back(word);
      else if (word == "--") options_have_ended = true;
      else if (word.starts_with("--")) taken = take_long(word);
      else taken = take_short(word);
      if (!taken) return std::unexpected{taken.error()};
    }
    return std::move(given_);
  }

private:
  std::expected<void, Failure> take_long(const std::string& word) {
    auto equals = word.find('=');
    auto flag = word.substr(0, equals);
    const auto* option = find_option(program_, flag);
    if (option == nullptr) return invalid_option(program_, flag);
    if (option->value.empty() && equals != std::string::npos) return usage_error("unexpected argument: " + word);
    if (option->value.empty()) return keep(*option, "");
    return equals == std::string::npos ? take_next_word(*option, flag) : keep(*option, word.substr(equals + 1));
  }

  std::expected<void, Failure> take_short(const std::string& word) {
    for (std::size_t i = 1; i < word.size(); ++i) {
      auto flag = std::string{'-'} + word[i];
      const auto* option = find_option(program_, flag);
      if (option == nullptr) return invalid_option(program_, flag);
      if (!option->value.empty())
        return i + 1 < word.size() ? keep(*option, word.substr(i + 1)) : take_next_word(*option, flag);
      (void)keep(*option, "");
    }
    return {};
  }

  std::expected<void, Failure> take_next_word(const ProgramOption& option, const std::string& flag) {
    if (at_ + 1 == words_.size()) return usage_error("missing argument: " + flag);
    return keep(option, words_[++at_]);
  }

  std::expected<void, Failure> keep(const ProgramOption& option, std::string value) {
    given_.options.emplace_back(key_of(option), std::move(value));
    return {};
  }

  const Program& program_;
  const std::vector<std::string>& words_;
  std::size_t at_ = 0;
  GivenWords given_;
};

std::string help_line(const ProgramOption& option) {
  auto flags = option.flags.contains(',') ? std::format("{}, {}", option.flags.substr(0, 2), option.flags.substr(3))
               : option.flags.starts_with("--") ? std::format("    {}", option.flags)
                                                : std::string{option.flags};
  if (!option.value.empty()) flags += (option.flags.contains("--") ? "=" : " ") + std::string{option.value};
  return std::format("  {:24} {}\n", flags, base::wrap(option.help, 79 - 27, 27));
}

} // namespace

std::optional<std::string> GivenWords::value(std::string_view option) const {
  for (const auto& [name, value] : options | std::views::reverse)
    if (name == option) return value;
  return std::nullopt;
}

std::vector<std::string> GivenWords::values(std::string_view option) const {
  std::vector<std::string> found;
  for (const auto& [name, value] : options)
    if (name == option) found.push_back(value);
  return found;
}

std::expected<GivenWords, Failure> read_words(const Program& program, const std::vector<std::string>& words) {
  return WordReader{program, words}.read();
}

std::string help_of(const Program& program) {
  auto text =
      std::format("Usage: {} [OPTION]...{}{}\n\n", program.name, program.synopsis.empty() ? "" : " ", program.synopsis);
  for (auto paragraph : program.about | std::views::split('\n'))
    text += base::wrap(std::string_view{paragraph}, 79) + "\n\n";
  text += "Options:\n";
  for (const auto* options : {&program.options, &common_options(program)})
    for (const auto& option : *options)
      if (!option.help.empty()) text += help_line(option);
  return text;
}

void warn(ProcessContext& context, std::string_view message) {
  context.out.flush();
  context.err << std::format("{}: {}\n", context.program, message);
}

std::expected<void, Failure> need_root(const ProcessContext& context) {
  if (context.uid == 0) return {};
  return std::unexpected{Failure{"Need to be root"}};
}

int run_program(const Program& program, const std::vector<std::string>& words, ProcessContext& context,
                const std::function<Outcome(const GivenWords&)>& action) {
  context.program = words.empty() ? std::string{program.name} : words[0].substr(words[0].rfind('/') + 1);
  auto given = read_words(program, words | std::views::drop(1) | std::ranges::to<std::vector>());
  Outcome outcome = 0;
  if (!given) outcome = std::unexpected{given.error()};
  else if (given->has("help")) context.out.write(help_of(program));
  else if (given->has("version")) context.out.write(std::format("{} (upstart {})\n", program.name, UPSTART_VERSION));
  else outcome = action(*given);
  context.out.flush();
  if (outcome && context.out.error() != 0)
    outcome = std::unexpected{Failure{std::format("Unable to write: {}", std::strerror(context.out.error()))}};
  if (outcome) return *outcome;
  warn(context, outcome.error().message);
  if (!outcome.error().hint.empty()) warn(context, outcome.error().hint);
  if (outcome.error().usage) context.err << std::format("Try `{} --help' for more information.\n", context.program);
  return 1;
}

} // namespace upstart::client
