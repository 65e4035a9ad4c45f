// Where the System V tools find what they read and write. Each place can be moved by an environment variable, which is
// for tests and for a system that keeps them elsewhere.
#pragma once

#include "clients/base/process-context.hpp"

#include <string>

namespace upstart::client {

struct SystemFiles {
  std::string utmp = "/var/run/utmp";    // who is there now, and the runlevel
  std::string wtmp = "/var/log/wtmp";    // the same as a history
  std::string run_directory = "/run";    // of nologin and shutdown.pid
  std::string device_directory = "/dev"; // of the terminals

  // UPSTART_UTMP, UPSTART_WTMP, UPSTART_RUN_DIRECTORY and UPSTART_DEVICE_DIRECTORY, where they are set.
  [[nodiscard]] static SystemFiles of(const ProcessContext& context);
};

} // namespace upstart::client
