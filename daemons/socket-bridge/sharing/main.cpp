#include "daemons/socket-bridge/sharing/main.hpp"

#include "daemons/base/log/logging.hpp"
#include "daemons/base/service-manager.hpp"
#include "daemons/socket-bridge/sharing/daemonization.hpp"
#include "daemons/socket-bridge/sharing/master.hpp"
#include "daemons/socket-bridge/sharing/slave.hpp"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

namespace upstart::socket_bridge {

namespace {

spdlog::level::level_enum level_of(const SharingOptions& options) {
  if (options.debug) return spdlog::level::debug;
  return options.verbose ? spdlog::level::info : spdlog::level::warn;
}

int run_master(base::EventLoop& loop, const SharingOptions& options, Daemonization& daemonization) {
  auto inherited = base::inherited_descriptors();
  auto master = Master::open(loop, options, inherited);
  if (!master) {
    spdlog::error("{}", master.error());
    return EXIT_FAILURE;
  }
  spdlog::info("{} is open; slaves are waited for", text_of(options.address));
  base::notify_manager("READY=1");
  daemonization.ready();
  loop.run();
  return EXIT_SUCCESS;
}

// A slave has nothing to put in order, and may wait in a system call outside of the loop.
void end_at_once(int) { ::_exit(EXIT_SUCCESS); }

int run_slave(base::EventLoop& loop, const SharingOptions& options, Daemonization& daemonization) {
  std::signal(SIGTERM, end_at_once);
  std::signal(SIGINT, end_at_once);
  Slave slave{loop, options, [&] {
                base::notify_manager("READY=1");
                daemonization.ready();
              }};
  return slave.run();
}

} // namespace

int run_sharing(int argc, char** argv) try {
  auto options = sharing_options(argc, argv);
  if (!options) return options.error();
  base::open_log("socket-bridge", level_of(*options));
  std::signal(SIGPIPE, SIG_IGN);
  Daemonization daemonization;
  if (options->fork || options->daemon)
    daemonization.begin(options->daemon ? Daemonization::Forks::twice : Daemonization::Forks::once);
  base::EventLoop loop;
  if (options->slave) return run_slave(loop, *options, daemonization);
  base::SignalWatcher terminated{loop, SIGTERM, [&] { loop.stop(); }};
  base::SignalWatcher interrupted{loop, SIGINT, [&] { loop.stop(); }};
  return run_master(loop, *options, daemonization);
} catch (const std::exception& error) {
  spdlog::error("{}", error.what());
  return EXIT_FAILURE;
}

} // namespace upstart::socket_bridge
