// The command line of init as values. Pure: text in, options or what to print out.
#pragma once

#include "daemons/base/command-line/help-text.hpp"
#include "daemons/base/log/log-format.hpp"

#include <chrono>
#include <expected>
#include <optional>
#include <string>
#include <vector>

namespace upstart::init {

enum class Mode {
  system,  // process 1
  user,    // the leader of a user's session
  session, // like a system instance, but on the session bus only
};
using base::Verbosity;

// Members have initialisers so that a test may name those that matter to it.
struct Options {
  Mode mode = Mode::system;
  Verbosity verbosity = Verbosity::normal;
  std::vector<std::string> confdirs{};
  std::vector<std::string> prepended_confdirs{};
  std::vector<std::string> appended_confdirs{};
  std::optional<std::string> logdir{};
  std::optional<std::string> default_console{};
  std::optional<std::string> startup_event{};
  std::optional<std::string> daemon_directory{}; // where the daemons are, instead of beside init
  std::chrono::milliseconds watchdog{10'000};    // within which an active daemon gives a sign of life; 0: never asked
  bool container = false;                        // process 1 of a container: of the system, but it ends
  std::vector<std::string> command{};            // of a container, after "--": with it the container ends
  bool no_log = false;
  bool log_to_stdout = false;
  bool no_startup_event = false;
  bool no_dbus = false;
  bool no_inherit_env = false;
  bool no_cgroups = false;
};

// Instead of a run: help, version or a mistake. What to print (to standard error if the status is not 0), and exit.
struct Answer {
  std::string text;
  int status;
};

// As process 1 of a machine words that are not options of init are ignored, since the kernel passes on what it does not
// know, and nothing is answered instead of a run. Help has lines of that width.
[[nodiscard]] std::expected<Options, Answer> read_options(const std::vector<std::string>& arguments, bool process_1,
                                                          std::size_t help_width = base::usual_help_width);

} // namespace upstart::init
