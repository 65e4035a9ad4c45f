// The processes that init starts: for each its program, the sockets made for it, and its command line. One entry of
// the table is the whole of one daemon; bridges are all alike, and those of protocol/bridges.hpp, in its order.
#pragma once

#include "daemons/init/configuration/accounts.hpp"
#include "daemons/init/configuration/options.hpp"
#include "protocol/bridges.hpp"

#include <array>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <sys/types.h>

namespace upstart::init {

// A place in the table. They are started in this order and need not wait for each other, since their sockets are there
// before them; the bus goes first as it is the slowest. A bridge is started when a loaded job asks for its event.
// `bridge` is the first of the bridges, the others follow.
enum class Daemon : std::size_t { bus, broker, supervisor, bridge };
inline constexpr std::size_t daemon_count = static_cast<std::size_t>(Daemon::bridge) + protocol::bridges.size();

// All of them, in the order in which they are started.
[[nodiscard]] std::span<const Daemon> all_daemons();
[[nodiscard]] std::span<const Daemon> all_bridges();
// The bridge of this name ("file-bridge"); nothing where there is none.
[[nodiscard]] std::optional<Daemon> bridge_of_name(std::string_view name);
[[nodiscard]] constexpr bool is_bridge(Daemon daemon) { return daemon >= Daemon::bridge; }
// Those that are Upstart's: all but the bus. They take their sockets and say when they are ready.
[[nodiscard]] std::span<const Daemon> own_daemons();

// What is known once a run has begun; all that a daemon is told comes from here.
struct Run {
  Options options{};
  std::string directory{};
  std::optional<std::string> runtime_directory{}; // XDG_RUNTIME_DIR of a session
  std::vector<std::string> job_directories{};
  std::optional<std::string> log_directory{};
  std::optional<std::string> private_address{}; // of the public interface without a bus
  std::optional<std::string> bus_address{};
  std::optional<std::string> bus_configuration{}; // of the bus that init starts; nothing: that of any session bus
  std::vector<std::string> container_job{};       // with which a container ends: its name, then KEY=VALUE
  std::optional<Account> bridge_account{};        // as which bridges run that need no root; nothing: as this user
  pid_t init_pid = 0;
  bool goes_on = false;            // with a session whose init and daemons were killed together
  bool executed_anew = false;      // init itself; until a supervisor has told it to the clients
  bool bus_would_complain = false; // of too few open files: what the bus says goes to syslog alone
};

struct Socket {
  std::string name;
  std::string address;
};

struct DaemonEntry {
  std::string program;
  std::function<std::vector<Socket>(const Run&)> sockets;
  // `again`: it was ready once before in this run.
  std::function<std::vector<std::string>(const Run&, bool again)> arguments;
  bool needs_root = true; // else it runs as the bridge account, where there is one
};

[[nodiscard]] const DaemonEntry& entry(Daemon daemon);

// The address of the bus that init starts for the session.
[[nodiscard]] std::string own_bus_address(const std::string& run_directory);

} // namespace upstart::init
