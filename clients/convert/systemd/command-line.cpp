#include "clients/convert/systemd/command-line.hpp"

#include "clients/convert/output/shell-words.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <format>
#include <utility>

namespace upstart::convert::systemd {

namespace {

std::string literal(const Unit& unit, const std::string& text) { return unit.is_template ? "" : text; }

// What is behind the last "-".
std::string last_part(const std::string& prefix) { return prefix.substr(prefix.rfind('-') + 1); }
std::string absolute(const std::string& path) {
  std::error_code error;
  return std::filesystem::absolute(path, error).lexically_normal();
}
std::string folder_of(const std::string& path) { return std::filesystem::path{path}.parent_path(); }

// What stands for a specifier: a text, or else what the shell makes of it.
struct Specifier {
  char letter;
  std::string (*text)(const Unit&); // empty: only the shell knows it
  const char* shell;                // within double quotes; null: nothing does
};
constexpr const char* unescaping = "$(printf %s \"$INSTANCE\" | tr - /)";
constexpr std::array specifiers{
    Specifier{'%', [](const Unit&) -> std::string { return "%"; }, nullptr},
    Specifier{'i', [](const Unit& unit) { return literal(unit, unit.instance); }, "$INSTANCE"},
    Specifier{'I', [](const Unit& unit) { return literal(unit, unescaped(unit.instance)); }, unescaping},
    Specifier{'p', [](const Unit& unit) { return unit.prefix; }, nullptr},
    Specifier{'j', [](const Unit& unit) { return last_part(unit.prefix); }, nullptr},
    Specifier{'J', [](const Unit& unit) { return unescaped(last_part(unit.prefix)); }, nullptr},
    Specifier{'y', [](const Unit& unit) { return absolute(unit.path); }, nullptr},
    Specifier{'Y', [](const Unit& unit) { return folder_of(absolute(unit.path)); }, nullptr},
    Specifier{'P', [](const Unit& unit) { return unescaped(unit.prefix); }, nullptr},
    Specifier{'n', [](const Unit& unit) { return literal(unit, unit.name); }, "${UPSTART_JOB}@$INSTANCE.service"},
    Specifier{'N', [](const Unit& unit) { return literal(unit, unit.stem); }, "${UPSTART_JOB}@$INSTANCE"},
    Specifier{'f', [](const Unit& unit) { return literal(unit, "/" + unescaped(unit.instance)); }, unescaping},
    Specifier{'t', [](const Unit& unit) -> std::string { return unit.of_user ? "" : "/run"; }, "$XDG_RUNTIME_DIR"},
    Specifier{'S', [](const Unit& unit) -> std::string { return unit.of_user ? "" : "/var/lib"; },
              "${XDG_STATE_HOME:-$HOME/.local/state}"},
    Specifier{'C', [](const Unit& unit) -> std::string { return unit.of_user ? "" : "/var/cache"; },
              "${XDG_CACHE_HOME:-$HOME/.cache}"},
    Specifier{'L', [](const Unit& unit) -> std::string { return unit.of_user ? "" : "/var/log"; },
              "${XDG_STATE_HOME:-$HOME/.local/state}/log"},
    Specifier{'E', [](const Unit& unit) -> std::string { return unit.of_user ? "" : "/etc"; },
              "${XDG_CONFIG_HOME:-$HOME/.config}"},
    Specifier{'T', [](const Unit&) -> std::string { return "/tmp"; }, nullptr},
    Specifier{'V', [](const Unit&) -> std::string { return "/var/tmp"; }, nullptr},
    Specifier{'h', [](const Unit& unit) -> std::string { return unit.of_user ? "" : "/root"; }, "$HOME"},
    Specifier{'u', [](const Unit& unit) -> std::string { return unit.of_user ? "" : "root"; }, "$(id -un)"},
    Specifier{'U', [](const Unit& unit) -> std::string { return unit.of_user ? "" : "0"; }, "$(id -u)"},
    Specifier{'g', [](const Unit& unit) -> std::string { return unit.of_user ? "" : "root"; }, "$(id -gn)"},
    Specifier{'G', [](const Unit& unit) -> std::string { return unit.of_user ? "" : "0"; }, "$(id -g)"},
    Specifier{'H', [](const Unit&) -> std::string { return ""; }, "$(uname -n)"},
    Specifier{'l', [](const Unit&) -> std::string { return ""; }, "$(uname -n | sed 's/[.].*//')"},
    Specifier{'v', [](const Unit&) -> std::string { return ""; }, "$(uname -r)"},
    Specifier{'a', [](const Unit&) -> std::string { return ""; }, "$(uname -m)"},
    Specifier{'m', [](const Unit&) -> std::string { return ""; }, "$(cat /etc/machine-id)"},
    Specifier{'o', [](const Unit&) -> std::string { return ""; }, "$(. /etc/os-release; printf %s \"$ID\")"},
    Specifier{'w', [](const Unit&) -> std::string { return ""; }, "$(. /etc/os-release; printf %s \"$VERSION_ID\")"},
    Specifier{'B', [](const Unit&) -> std::string { return ""; }, "$(. /etc/os-release; printf %s \"$BUILD_ID\")"},
    Specifier{'W', [](const Unit&) -> std::string { return ""; }, "$(. /etc/os-release; printf %s \"$VARIANT_ID\")"},
    Specifier{'b', [](const Unit&) -> std::string { return ""; }, "$(tr -d - </proc/sys/kernel/random/boot_id)"},
};

// Within double quotes, or the error; `is_plain` tells whether the shell has nothing to look up.
struct Expanded {
  std::string text, in_quotes;
  bool is_plain = true;
};

std::expected<void, std::string> add_specifier(const Unit& unit, char letter, Expanded& into) {
  auto found = std::ranges::find(specifiers, letter, &Specifier::letter);
  if (found == specifiers.end()) return std::unexpected(std::format("%{} has no counterpart", letter));
  auto text = found->text(unit);
  if (text.empty() && found->shell == nullptr) return std::unexpected(std::format("%{} has no value here", letter));
  into.text += text;
  into.in_quotes += text.empty() ? found->shell : within_quotes(text);
  into.is_plain = into.is_plain && !text.empty();
  return {};
}

std::expected<Expanded, std::string> expanded(const Unit& unit, std::string_view text, bool with_variables = false) {
  Expanded result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto rest = text.substr(i);
    if (rest.size() > 1 && rest[0] == '%') {
      if (auto added = add_specifier(unit, rest[1], result); !added) return std::unexpected(added.error());
      ++i;
    } else if (with_variables && rest.starts_with("$$")) {
      result.text += '$';
      result.in_quotes += "\\$";
      ++i;
    } else if (auto end = rest.find('}'); with_variables && rest.starts_with("${") && end != std::string_view::npos) {
      result.in_quotes += rest.substr(0, end + 1);
      result.is_plain = false;
      i += end;
    } else {
      result.text += rest[0];
      result.in_quotes += within_quotes(rest.substr(0, 1));
    }
  }
  return result;
}

// "$NAME" alone, which the shell divides as systemd does.
bool is_variable(std::string_view word) {
  return word.size() > 1 && word[0] == '$' && std::ranges::all_of(word.substr(1), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
         });
}

std::expected<std::string, std::string> as_shell_word(const Unit& unit, const std::string& word, bool with_variables) {
  if (with_variables && is_variable(word)) return word;
  auto text = expanded(unit, word, with_variables);
  if (!text) return std::unexpected(text.error());
  return text->is_plain ? as_word(text->text) : '"' + text->in_quotes + '"';
}

int hexadecimal(std::string_view digits) {
  int value = 0;
  for (char c : digits) {
    int digit = c >= '0' && c <= '9' ? c - '0' : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10 : -1;
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

// The character after a backslash, and how many bytes of `rest` that were.
std::pair<std::string, std::size_t> escape_of(std::string_view rest) {
  constexpr std::string_view from = "abfnrtvs\\\"'", to = "\a\b\f\n\r\t\v \\\"'";
  if (rest.empty()) return {"\\", 0};
  if (auto place = from.find(rest[0]); place != std::string_view::npos) return {std::string(1, to[place]), 1};
  if (rest[0] == 'x' && rest.size() > 2)
    if (int value = hexadecimal(rest.substr(1, 2)); value > 0) return {std::string(1, static_cast<char>(value)), 3};
  return {"\\" + std::string(1, rest[0]), 1}; // is taken as it is, also the `\;' of a command line
}

void take_prefixes(std::string& program, Command& command) {
  while (!program.empty() && std::string_view{"@-:+!|"}.contains(program[0])) {
    if (program[0] == '-') command.may_fail = true;
    if (program[0] == ':') command.keeps_dollars = true;
    if (program[0] == '@') command.has_own_name = true;
    if (program[0] == '+' || program[0] == '!') command.is_privileged = true;
    program.erase(0, 1);
  }
}

std::expected<Command, std::string> command_of(const Unit& unit, std::vector<std::string> words) {
  Command command;
  take_prefixes(words.front(), command);
  if (command.has_own_name && words.size() > 1) words.erase(words.begin() + 1);
  for (auto& word : words) {
    if (word == "\\;") word = ";";
    auto text = as_shell_word(unit, word, !command.keeps_dollars);
    if (!text) return std::unexpected(text.error());
    command.text += (command.words.empty() ? "" : " ") + *text;
    command.words.push_back(std::move(*text));
  }
  return command;
}

} // namespace

std::string unescaped(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    int value = text.substr(i).starts_with("\\x") && i + 3 < text.size() ? hexadecimal(text.substr(i + 2, 2)) : -1;
    if (value > 0) i += 3;
    result += value > 0 ? static_cast<char>(value) : text[i] == '-' ? '/' : text[i];
  }
  return result;
}

std::expected<std::vector<std::string>, std::string> unquoted_words(std::string_view value) {
  std::vector<std::string> words;
  bool in_word = false;
  char quote = '\0';
  for (std::size_t i = 0; i < value.size(); ++i) {
    char c = value[i];
    bool is_blank = c == ' ' || c == '\t' || c == '\n';
    if (quote == '\0' && is_blank) {
      in_word = false;
      continue;
    }
    if (!std::exchange(in_word, true)) words.emplace_back();
    if (c == '\\') {
      auto [text, size] = escape_of(value.substr(i + 1));
      words.back() += text;
      i += size;
    } else if (quote != '\0' ? c == quote : c == '"' || c == '\'') {
      quote = quote != '\0' ? '\0' : c;
    } else {
      words.back() += c;
    }
  }
  if (quote != '\0') return std::unexpected(std::format("a quote {} is not closed", quote));
  return words;
}

std::expected<std::vector<Command>, std::string> commands_of(const Unit& unit, std::string_view value) {
  auto words = unquoted_words(value);
  if (!words) return std::unexpected(words.error());
  std::vector<Command> commands;
  for (auto begin = words->begin(); begin != words->end();) {
    auto end = std::find(begin, words->end(), ";");
    if (begin != end) {
      auto command = command_of(unit, {begin, end});
      if (!command) return std::unexpected(command.error());
      commands.push_back(std::move(*command));
    }
    begin = end == words->end() ? end : end + 1;
  }
  return commands;
}

std::expected<std::string, std::string> plain(const Unit& unit, std::string_view text) {
  auto result = expanded(unit, text);
  if (!result) return std::unexpected(result.error());
  if (!result->is_plain) return std::unexpected("the value is known only when the job runs");
  return result->text;
}

std::expected<std::string, std::string> shell_word(const Unit& unit, std::string_view text) {
  auto result = expanded(unit, text);
  if (!result) return std::unexpected(result.error());
  return result->is_plain ? as_word(result->text) : '"' + result->in_quotes + '"';
}

} // namespace upstart::convert::systemd
