// The main program of a daemon: the options that all have, the log, signals, and what becomes of errors. A daemon's
// main.cpp says what is particular to it, and `run_daemon` does the rest.
//
// Exit status: 0 for a daemon that was told to end, for --help and --version; 1, with one line on standard error, where
// the command line is wrong or the daemon cannot work; otherwise what the daemon itself answers.
#pragma once

#include "daemons/base/event-loop.hpp"
#include "daemons/base/log/logging.hpp"
#include "daemons/base/program/heartbeat.hpp"

#include <expected>
#include <functional>
#include <list>
#include <string>

namespace CLI {
class App;
}

namespace upstart::base {

// What every daemon is told.
struct CommonOptions {
  std::string run_directory; // --run-directory: where the daemons' sockets are
  std::string bus;           // --bus: the D-Bus address of the bus to join; empty: none given
  Verbosity verbosity = Verbosity::normal;
};

struct DaemonProgram {
  std::string name;        // "event-broker": in the log, and of the program, upstart-NAME
  std::string description; // for --help
  LogLevels levels{};
  // All others depend on it: it avoids the kernel's OOM killer; whom it starts should get `ordinary_oom_score`.
  bool vital = false;
  // Adds the options that only this daemon has. May be empty.
  std::function<void(CLI::App&)> declare{};
  // Where the run directory is if the command line does not say; the error says why that cannot be told. Empty: the
  // command line must say it.
  std::function<std::expected<std::string, std::string>()> find_run_directory{};
  // Does the daemon's work, to its end; the exit status. What it throws is logged, and the status is 1.
  std::function<int(const CommonOptions&)> run;
};

// The exit status of the program. Ignores SIGPIPE, for good. Shares the run directory's lock while the work is done.
[[nodiscard]] int run_daemon(const DaemonProgram& program, int argc, char** argv);

// What a daemon does at the signals that init sends, and the signs of life that it gives init, for as long as this
// lives. An empty action leaves the signal alone.
struct SignalActions {
  std::function<void()> end{};         // SIGTERM, SIGINT
  std::function<void()> reload{};      // SIGHUP
  std::function<void()> connect_now{}; // SIGUSR1: the bus may be there now
};
class DaemonSignals {
public:
  DaemonSignals(EventLoop& loop, const SignalActions& actions);

private:
  std::list<SignalWatcher> watchers_;
  Heartbeat heartbeat_;
};

} // namespace upstart::base
