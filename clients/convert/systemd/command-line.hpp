// A command line of systemd (systemd.service(5), "Command lines") as one of the shell: quotes, escapes, variables,
// specifiers (systemd.unit(5)), and the characters before the program. Pure.
#pragma once

#include "clients/convert/systemd/unit.hpp"

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace upstart::convert::systemd {

struct Command {
  std::string text;               // for the shell
  std::vector<std::string> words; // each as `text` has it
  bool may_fail = false;          // "-"
  bool is_privileged = false;     // "+", "!": as root, whatever User= says
  bool keeps_dollars = false;     // ":": no variables
  bool has_own_name = false;      // "@": its first argument is another than its program
  [[nodiscard]] bool uses_main_pid() const { return text.contains("MAINPID"); }
};

// Those of one assignment: a lone ";" stands between two. The error says what this is that the shell has not.
[[nodiscard]] std::expected<std::vector<Command>, std::string> commands_of(const Unit& unit, std::string_view value);

// The text with its specifiers replaced, where all of them are known before the job runs.
[[nodiscard]] std::expected<std::string, std::string> plain(const Unit& unit, std::string_view text);
// As a word of the shell, which may look up what is known only then.
[[nodiscard]] std::expected<std::string, std::string> shell_word(const Unit& unit, std::string_view text);
// The words of a value, quotes and escapes taken away; specifiers stay.
[[nodiscard]] std::expected<std::vector<std::string>, std::string> unquoted_words(std::string_view value);
// The opposite of systemd-escape: "-" is "/", "\x2d" is "-".
[[nodiscard]] std::string unescaped(std::string_view text);

} // namespace upstart::convert::systemd
