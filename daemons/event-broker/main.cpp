// upstart-event-broker: see README.md beside this file.
#include "daemons/base/peer.hpp"
#include "daemons/base/service-manager.hpp"
#include "daemons/event-broker/broker.hpp"
#include "protocol/names.hpp"

#include <CLI/CLI.hpp>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <sys/resource.h>

#include <csignal>
#include <cstdlib>
#include <iostream>

namespace {

using namespace upstart;
using namespace upstart::broker;

struct Options {
  std::string run_directory;
  std::string bus;
  bool session = false;
  bool verbose = false;
  bool debug = false;
};

void declare(CLI::App& program, Options& options) {
  program.set_version_flag("--version", "upstart-event-broker (upstart " UPSTART_VERSION ")");
  program
      .add_option("--run-directory", options.run_directory,
                  "where the socket is and what must not be forgotten is kept")
      ->required()
      ->type_name("DIR");
  program.add_option("--bus", options.bus, "join the bus at this address too")->type_name("ADDRESS");
  program.add_flag("--session", options.session, "without --bus: join the bus in DBUS_SESSION_BUS_ADDRESS");
  program.add_flag("-v,--verbose", options.verbose, "say what is done");
  program.add_flag("--debug", options.debug, "say everything");
}

void set_up_log(const Options& options) {
  spdlog::set_default_logger(spdlog::stderr_logger_st("event-broker"));
  spdlog::set_pattern("event-broker: %v");
  spdlog::set_level(options.debug ? spdlog::level::debug : options.verbose ? spdlog::level::info : spdlog::level::warn);
}

// Events bring descriptors along.
void allow_many_descriptors() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  if (::setrlimit(RLIMIT_NOFILE, &limit) < 0) spdlog::info("the limit of descriptors stays as it is");
}

// Empty: none. Which bus an instance is on is known to init; by itself the broker goes to no bus it was not told of.
std::string bus_of(const Options& options) {
  if (!options.bus.empty() || !options.session) return options.bus;
  const char* address = std::getenv("DBUS_SESSION_BUS_ADDRESS");
  return address == nullptr ? "" : address;
}

std::expected<base::FileDescriptor, std::string>
listening_socket(std::multimap<std::string, base::FileDescriptor>& inherited, const Options& options) {
  if (auto handed = inherited.extract(protocol::socket_name::broker)) return std::move(handed.mapped());
  return base::listen_at(protocol::daemon_address(options.run_directory, protocol::socket_name::broker));
}

int fail(const std::string& message) {
  spdlog::error("{}", message);
  return EXIT_FAILURE;
}

int run(const Options& options) {
  auto inherited = base::inherited_descriptors();
  auto recalled = Memory::open(options.run_directory);
  if (!recalled) return fail(recalled.error());
  auto listening = listening_socket(inherited, options);
  if (!listening) return fail(listening.error());

  base::EventLoop loop;
  Broker broker{loop, std::move(*recalled)};
  broker.take_back(std::move(inherited));
  base::PeerServer server{loop,
                          std::move(*listening),
                          [&](auto peer) { broker.serve(std::move(peer)); },
                          {},
                          [](const std::string& trouble) { spdlog::warn("{}", trouble); }};
  base::SignalWatcher on_terminate{loop, SIGTERM, [&] { loop.stop(); }};
  base::SignalWatcher on_interrupt{loop, SIGINT, [&] { loop.stop(); }};
  base::SignalWatcher on_bus_appeared{loop, SIGUSR1, [&] { broker.retry_buses(); }};
  if (auto address = bus_of(options); !address.empty()) static_cast<void>(broker.join_bus(address));
  base::notify_manager("READY=1");
  loop.run();
  base::notify_manager("STOPPING=1");
  broker.finish_up();
  return EXIT_SUCCESS;
}

} // namespace

int main(int argc, char** argv) try {
  CLI::App program{"Takes events, orders them, and gives each to the handlers that want it.", "upstart-event-broker"};
  Options options;
  declare(program, options);
  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& outcome) {
    if (outcome.get_exit_code() == 0) return program.exit(outcome);
    std::cerr << "event-broker: " << outcome.what() << "\nTry `upstart-event-broker --help' for more information.\n";
    return EXIT_FAILURE;
  }
  set_up_log(options);
  std::signal(SIGPIPE, SIG_IGN);
  allow_many_descriptors();
  return run(options);
} catch (const std::exception& error) {
  std::cerr << "event-broker: " << error.what() << '\n';
  return EXIT_FAILURE;
}
