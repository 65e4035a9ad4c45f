#include "daemons/job-supervisor/process/plan/command-line.hpp"

#include <algorithm>

namespace upstart::supervisor {

namespace {

constexpr std::string_view shell = "/bin/sh";
constexpr std::string_view shell_characters = "~`!$^&*()=|\\{}[];\"'<>?";
constexpr std::string_view white_space = " \t\r\n";
constexpr int usual_script_descriptor = 9;

std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> found;
  for (std::size_t start = text.find_first_not_of(white_space); start != text.npos;) {
    std::size_t end = std::min(text.find_first_of(white_space, start), text.size());
    found.emplace_back(text.substr(start, end - start));
    start = text.find_first_not_of(white_space, end);
  }
  return found;
}

std::string_view without_outer_newlines(std::string_view text) {
  std::size_t first = text.find_first_not_of('\n');
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of('\n') - first + 1);
}

CommandLine shell_with_text(std::string text, const std::vector<std::string>& parameters) {
  CommandLine line{.arguments = {std::string{shell}, "-e", "-c", std::move(text)}};
  if (!parameters.empty()) line.arguments.emplace_back(shell); // what $0 is without parameters, too
  line.arguments.insert(line.arguments.end(), parameters.begin(), parameters.end());
  return line;
}

// The shell is told to close the descriptor on the script's first line, not on one before it: line numbers in its
// messages are those of the script.
CommandLine shell_with_descriptor(std::string_view script, const std::vector<std::string>& parameters, int descriptor) {
  bool can_close = descriptor <= usual_script_descriptor; // the shell knows descriptors of one digit only
  CommandLine line{.arguments = {std::string{shell}, "-e", "/proc/self/fd/" + std::to_string(descriptor)},
                   .script = can_close ? "exec " + std::to_string(descriptor) + "<&-; " : "",
                   .script_descriptor = descriptor};
  line.script += script;
  line.arguments.insert(line.arguments.end(), parameters.begin(), parameters.end());
  return line;
}

} // namespace

bool needs_shell(std::string_view text) { return text.find_first_of(shell_characters) != text.npos; }

CommandLine command_line(const Command& command, const std::vector<std::string>& parameters, std::size_t files) {
  if (!command.script) {
    if (needs_shell(command.text)) return shell_with_text("exec " + command.text, parameters);
    return {.arguments = words(command.text)};
  }
  std::string_view line = without_outer_newlines(command.text);
  if (line.find('\n') == line.npos) return shell_with_text(std::string{line}, parameters);
  return shell_with_descriptor(command.text, parameters,
                               std::max(usual_script_descriptor, 3 + static_cast<int>(files)));
}

} // namespace upstart::supervisor
