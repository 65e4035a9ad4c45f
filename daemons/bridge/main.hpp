// The main program of every bridge: options, log, the bridge's own socket, its sessions with supervisor and broker, its
// object on the bus, READY=1 once it serves what the jobs want, and its end at SIGTERM or SIGINT. A bridge's main.cpp
// is a Description.
#pragma once

#include "daemons/bridge/bridge.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace upstart::bridge {

struct Description {
  // "file-bridge": the program is upstart-file-bridge; its log, its own socket, its name on the bus and the path of its
  // object follow (protocol/names.hpp).
  std::string name;
  std::string summary;             // a sentence for --help
  std::vector<std::string> events; // whose conditions it wants to know; names, or fnmatch patterns of names
  std::function<std::unique_ptr<Bridge>(Services)> make;
  std::function<void(CLI::App&)> declare{}; // adds the options that only this bridge has; may be empty
  // Beside --user, --system names the system bus, as the original's dbus bridge has it; else the two exclude each
  // other.
  bool system_is_a_bus = false;
  std::function<void()> stands_by{}; // called when another process serves, and this one waits for its end; may be empty
  bool several = false; // several may serve one Upstart: each has an own socket with its process id in the name
};

// Runs the bridge to its end. The exit status of the program: 0 after SIGTERM or SIGINT, --help and --version; 1, with
// a message on standard error, where the command line is wrong or the bridge cannot work.
[[nodiscard]] int run(const Description& description, int argc, char** argv);

} // namespace upstart::bridge
