// upstart-socket-bridge: reads the command line and runs the mode that it asks for.
#include "daemons/base/service-manager.hpp"
#include "daemons/socket-bridge/default-mode.hpp"
#include "protocol/names.hpp"

#include <CLI/CLI.hpp>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <csignal>
#include <cstdlib>

namespace {

using namespace upstart;

struct CommandLine {
  socket_bridge::DefaultMode::Options mode;
  bool quiet = false;
  bool verbose = false;
  bool debug = false;
};

void describe(CLI::App& app, CommandLine& line) {
  app.description("Listens on the sockets that jobs name, and emits the event `socket` with the listening descriptor "
                  "when a client comes.");
  app.set_version_flag("--version", "upstart-socket-bridge (upstart " UPSTART_VERSION ")");
  app.add_option("--run-directory", line.mode.run_directory, "where the daemons' sockets are")
      ->required()
      ->type_name("DIR");
  app.add_option("--bus", line.mode.bus, "the D-Bus address of the bus to be on")->type_name("ADDRESS");
  app.add_flag("-q,--quiet", line.quiet, "tell of errors only");
  app.add_flag("-v,--verbose", line.verbose, "tell of sockets and clients");
  app.add_flag("--debug", line.debug, "tell of everything");
}

spdlog::level::level_enum log_level(const CommandLine& line) {
  if (line.debug) return spdlog::level::debug;
  if (line.verbose) return spdlog::level::info;
  return line.quiet ? spdlog::level::err : spdlog::level::warn;
}

void set_up_log(const CommandLine& line) {
  auto logger = spdlog::stderr_logger_st("socket-bridge");
  logger->set_pattern("socket-bridge: %v");
  logger->set_level(log_level(line));
  spdlog::set_default_logger(std::move(logger));
}

// The bridge's own socket: inherited, else made here; removed in the end by the one who made it.
class OwnSocket {
public:
  OwnSocket(const std::string& run_directory, socket_bridge::DefaultMode::Inherited& inherited) {
    if (auto place = inherited.find(protocol::socket_name::bridge); place != inherited.end()) {
      fd_ = std::move(place->second);
      inherited.erase(place);
      return;
    }
    auto address = protocol::daemon_address(run_directory, protocol::socket_name::bridge);
    auto listening = base::listen_at(address);
    if (!listening) throw std::runtime_error(listening.error());
    fd_ = std::move(*listening);
    made_ = address.substr(address.find('=') + 1);
  }
  OwnSocket(const OwnSocket&) = delete;
  OwnSocket& operator=(const OwnSocket&) = delete;
  ~OwnSocket() {
    if (!made_.empty()) ::unlink(made_.c_str());
  }
  base::FileDescriptor take() { return std::move(fd_); }

private:
  base::FileDescriptor fd_;
  std::string made_;
};

int run(const CommandLine& line) {
  std::signal(SIGPIPE, SIG_IGN);
  base::EventLoop loop;
  auto inherited = base::inherited_descriptors();
  OwnSocket own{line.mode.run_directory, inherited};
  base::SignalWatcher terminate{loop, SIGTERM, [&] { loop.stop(); }};
  base::SignalWatcher interrupt{loop, SIGINT, [&] { loop.stop(); }};
  socket_bridge::DefaultMode bridge{loop, line.mode, own.take(), std::move(inherited)};
  base::SignalWatcher rejoin{loop, SIGUSR1, [&] { bridge.rejoin_bus(); }};
  loop.run();
  base::notify_manager("STOPPING=1");
  return EXIT_SUCCESS;
}

} // namespace

int main(int argc, char** argv) {
  CommandLine line;
  CLI::App app;
  describe(app, line);
  CLI11_PARSE(app, argc, argv);
  set_up_log(line);
  try {
    return run(line);
  } catch (const std::exception& error) {
    spdlog::error("{}", error.what());
    return EXIT_FAILURE;
  }
}
