// The command line of upstart-job-supervisor, as init gives it.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace upstart::supervisor {

struct DaemonOptions {
  std::string run_directory;
  std::string private_address;          // where clients connect; empty: no private socket (init --session)
  bool user_session = false;            // init --user
  bool session_bus = false;             // init --session
  std::vector<std::string> directories; // of job files, in order of precedence
  std::string log_directory;            // empty: console logs go nowhere
  std::string default_console = "log";
  std::string startup_event = "startup"; // empty: none
  bool inherit_environment = true;
  bool control_groups = true;
  std::string bus_address;
  int init_pid = 0;
  bool restarted = false; // another one ran before under the same init
  bool debug = false, verbose = false, quiet = false;
};

// What was asked for, or the exit status where that is all: help, version, or an error that has been told.
[[nodiscard]] std::optional<DaemonOptions> parse_command_line(int argc, char** argv, int& exit_status);

} // namespace upstart::supervisor
