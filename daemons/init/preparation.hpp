// All that must be there before the first daemon is started: its program, the run directory, the sockets, and what is
// known of the run. Made in one go; where something is missing that init cannot do without, it says what and why.
#pragma once

#include "daemons/base/file-descriptor.hpp"
#include "daemons/init/configuration/daemon-table.hpp"
#include "daemons/init/handover/handed-state.hpp"
#include "daemons/init/log.hpp"
#include "daemons/init/run-directory/run-directory.hpp"
#include "protocol/environment.hpp"

namespace upstart::init {

// What a daemon is started with.
struct LaunchSpec {
  std::string program; // its path; empty: this daemon is not wanted
  std::vector<std::pair<std::string, base::FileDescriptor>> sockets;
};
using LaunchSpecs = std::array<LaunchSpec, daemon_count>;
[[nodiscard]] inline LaunchSpec& spec_of(LaunchSpecs& all, Daemon daemon) {
  return all[static_cast<std::size_t>(daemon)];
}

struct Preparation {
  RunDirectory directory;
  Run run;
  protocol::Environment environment; // of the daemons
  LaunchSpecs specs;
  base::FileDescriptor notify_socket;
  std::vector<std::string> command_line{}; // of this program, its own path first
  std::optional<HandedState> handed{};     // by an init that was executed in this process before
};

// The directories of job files, by the options and the environment of this process.
[[nodiscard]] std::vector<std::string> job_directories_in_force(const Options& options);

// Where a state was handed over, what that tells of is taken and not made.
[[nodiscard]] std::expected<Preparation, std::string> prepare(const Options& options, const Log& log,
                                                              const std::vector<std::string>& command_line,
                                                              std::optional<HandedState> handed);

} // namespace upstart::init
