// Starts a daemon: a child in a session of its own that ends (SIGTERM) when init dies, with default signal handling,
// and with exactly the descriptors it is given besides the standard ones.
#pragma once

#include "daemons/init/configuration/accounts.hpp"

#include <sys/resource.h>
#include <sys/types.h>

#include <expected>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace upstart::init {

struct Launch {
  std::string program;
  std::vector<std::string> arguments;   // without the program's own name
  std::vector<std::string> environment; // without LISTEN_…, which is made from the descriptors
  // Handed over under these names, in this order, by the LISTEN_FDS convention.
  std::vector<std::pair<std::string, int>> descriptors;
  rlimit open_files;      // the child's limit
  std::string oom_score;  // its oom_score_adj; empty: init's
  std::string line_start; // of what the child says on standard error if it cannot run: "init: "
  // As whom it runs, with no other groups and no way to more privileges; nothing: as init does.
  std::optional<Account> account = {};
};

// The error is why there is no child. A program that cannot be run ends with status 127 and says so itself.
[[nodiscard]] std::expected<pid_t, std::string> launch(const Launch& what);

// The command of a container: with init's own standard descriptors and environment, in a session of its own with the
// terminal, if there is one. It is looked for in PATH; status 127, and a message, where it cannot be run.
[[nodiscard]] std::expected<pid_t, std::string> launch_command(std::vector<std::string> words, rlimit open_files);

} // namespace upstart::init
