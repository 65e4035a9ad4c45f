#include "daemons/socket-bridge/sharing/main.hpp"

#include "daemons/base/log/logging.hpp"
#include "daemons/base/service-manager.hpp"
#include "daemons/socket-bridge/sharing/detachment.hpp"
#include "daemons/socket-bridge/sharing/master.hpp"
#include "daemons/socket-bridge/sharing/slave.hpp"

#include <spdlog/spdlog.h>

#include <csignal>
#include <cstdlib>

namespace upstart::socket_bridge {

namespace {

spdlog::level::level_enum level_of(const SharingOptions& options) {
  if (options.debug) return spdlog::level::debug;
  return options.verbose ? spdlog::level::info : spdlog::level::warn;
}

int run_master(base::EventLoop& loop, const SharingOptions& options, Detachment& detachment) {
  auto inherited = base::inherited_descriptors();
  auto master = Master::open(loop, options, inherited);
  if (!master) {
    spdlog::error("{}", master.error());
    return EXIT_FAILURE;
  }
  spdlog::info("{} is open; slaves are waited for", text_of(options.address));
  base::notify_manager("READY=1");
  detachment.ready();
  loop.run();
  return EXIT_SUCCESS;
}

int run_slave(base::EventLoop& loop, const SharingOptions& options, Detachment& detachment) {
  Slave slave{loop, options, [&] {
                base::notify_manager("READY=1");
                detachment.ready();
              }};
  return slave.run();
}

} // namespace

int run_sharing(int argc, char** argv) try {
  auto options = sharing_options(argc, argv);
  if (!options) return options.error();
  base::open_log("socket-bridge", level_of(*options));
  std::signal(SIGPIPE, SIG_IGN);
  Detachment detachment;
  if (options->fork) detachment.begin();
  base::EventLoop loop;
  base::SignalWatcher terminated{loop, SIGTERM, [&] { loop.stop(); }};
  base::SignalWatcher interrupted{loop, SIGINT, [&] { loop.stop(); }};
  return options->master ? run_master(loop, *options, detachment) : run_slave(loop, *options, detachment);
} catch (const std::exception& error) {
  spdlog::error("{}", error.what());
  return EXIT_FAILURE;
}

} // namespace upstart::socket_bridge
