// The command line of the modes with a socket path: a master, or a slave of one.
#pragma once

#include "daemons/socket-bridge/core/dispatch.hpp"
#include "daemons/socket-bridge/values/socket-address.hpp"

#include <expected>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace upstart::socket_bridge {

struct InstanceName {
  std::string job, instance; // instance may be empty
};

struct SharingOptions {
  bool master = false, slave = false, accept = false, fork = false, daemon = false, wait = false;
  bool verbose = false, debug = false;
  SocketAddress address;
  Policy policy = Policy::least;
  std::size_t most_connections = 0; // 0: any number
  std::vector<InstanceName> instances;
  std::string run_directory, bus; // empty: found out, or none
  std::vector<std::string> command;
};

// What is understood of them without a run directory: whether this is one of these modes at all.
[[nodiscard]] bool is_sharing(int argc, char** argv);
// An exit status where there is nothing more to do: --help, --version, or a command line that is wrong, which is told.
[[nodiscard]] std::expected<SharingOptions, int> sharing_options(int argc, char** argv);
// For the --help of the default mode.
void describe_sharing(CLI::App& app);

// "/run/app.sock" and "@name" are Unix sockets; others are named as SocketBridge1 shows them, "inet:127.0.0.1:80".
[[nodiscard]] std::optional<SocketAddress> address_named(const std::string& name);
// The D-Bus address at which the master of a socket is reached.
[[nodiscard]] std::string master_address(const SocketAddress& address);
} // namespace upstart::socket_bridge
