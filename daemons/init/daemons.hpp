// The processes that init starts: for each its program, the sockets made for it, and its command line. One entry of
// the table is the whole of one daemon.
#pragma once

#include "daemons/init/options.hpp"

#include <array>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace upstart::init {

enum class Daemon { broker, supervisor, bridge, bus };
inline constexpr std::size_t daemon_count = 4;
// They need not wait for each other: their sockets are there before them. The bus goes first as it is the slowest.
inline constexpr std::array<Daemon, daemon_count> starting_order{Daemon::bus, Daemon::broker, Daemon::supervisor,
                                                                 Daemon::bridge};

// What is known once a run has begun; all that a daemon is told comes from here.
struct Run {
  Options options{};
  std::string directory{};
  std::optional<std::string> runtime_directory{}; // XDG_RUNTIME_DIR of a session
  std::vector<std::string> job_directories{};
  std::optional<std::string> log_directory{};
  std::optional<std::string> private_address{}; // of the public interface without a bus
  std::optional<std::string> bus_address{};
  pid_t init_pid = 0;
};

struct Socket {
  std::string name;
  std::string address;
};

struct DaemonEntry {
  const char* program;
  bool of_ours; // takes its sockets and says when it is ready
  std::vector<Socket> (*sockets)(const Run&);
  std::vector<std::string> (*arguments)(const Run&, bool again);
};

[[nodiscard]] const DaemonEntry& entry(Daemon daemon);

// The address of the bus that init starts for the session.
[[nodiscard]] std::string own_bus_address(const std::string& run_directory);

} // namespace upstart::init
