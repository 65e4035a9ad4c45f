#include "clients/base/process-context.hpp"

#include "clients/base/plain/command-token.hpp"
#include "daemons/base/command-line/terminal-width.hpp"

#include <unistd.h>

#include <cstdlib>
#include <iostream>

namespace upstart::client {

namespace {

// Of a command that initctl's small program may have given already.
std::string take_command_token() {
  const char* value = std::getenv(command_token_variable);
  std::string token{value ? value : ""};
  ::unsetenv(command_token_variable);
  bool is_token =
      token.size() == command_token_digits && token.find_first_not_of("0123456789abcdef") == std::string::npos;
  return is_token ? token : std::string{};
}

std::optional<std::string> ask_at_terminal(const std::string& question) {
  if (::isatty(STDIN_FILENO) == 0) return std::nullopt;
  std::cerr << question << std::flush;
  std::string answer;
  if (!std::getline(std::cin, answer)) return std::nullopt;
  return answer;
}

} // namespace

ProcessContext ProcessContext::of_this_process() {
  return {
      .out = std::cout,
      .err = std::cerr,
      .variable = [](const std::string& name) -> std::optional<std::string> {
        const char* value = std::getenv(name.c_str());
        return value ? std::optional<std::string>{value} : std::nullopt;
      },
      .uid = ::getuid(),
      .command_token = take_command_token(),
      .terminal_width = base::width_of_standard_output,
      .ask = ask_at_terminal,
  };
}

} // namespace upstart::client
