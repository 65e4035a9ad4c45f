// What a client sees of the process it runs in: streams, environment variables, user id. Tests replace it; nothing else
// of a client reads the environment or writes to standard output.
#pragma once

#include "clients/base/output.hpp"

#include <sys/types.h>

#include <functional>
#include <optional>
#include <ostream>
#include <string>

namespace upstart::client {

struct ProcessContext {
  Output out;
  std::ostream& err;
  std::function<std::optional<std::string>(const std::string&)> variable; // an environment variable; nothing: not set
  uid_t uid = 0;
  std::string program = "initctl"; // what messages on standard error begin with
  std::string command_token = {};  // begins the tokens of this process's commands; empty: one that nobody else has

  // How wide the terminal is, in columns; nothing: standard output is none. Not set: the same.
  std::function<std::optional<std::size_t>()> terminal_width = {};
  // Asks the person at the terminal that standard input is, and gives the answer; nothing: there is none. Not set: the
  // same.
  std::function<std::optional<std::string>(const std::string& question)> ask = {};

  // The context of this process: standard output and error, its environment, its real user id; the token is taken out
  // of the environment.
  [[nodiscard]] static ProcessContext of_this_process();
};

} // namespace upstart::client
