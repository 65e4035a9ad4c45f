#include "daemons/bridge/main.hpp"

#include "daemons/base/program/daemon-main.hpp"
#include "daemons/base/program/own-socket.hpp"
#include "daemons/base/service-manager.hpp"
#include "daemons/bridge/supervisor-session.hpp"
#include "daemons/bridge/watches-object.hpp"
#include "protocol/names.hpp"

#include <spdlog/spdlog.h>

#include <cstdlib>

namespace upstart::bridge {

namespace {

using Inherited = std::multimap<std::string, base::FileDescriptor>;

// The bridge among its sessions. What is declared first lives longest.
class Daemon {
public:
  Daemon(base::EventLoop& loop, const Description& description, const base::CommonOptions& options,
         base::FileDescriptor listening, Inherited& inherited)
      : object_{loop, std::move(listening), description.name},
        broker_{loop,
                protocol::daemon_address(options.run_directory, protocol::socket_name::broker),
                {.ready = [this] { bridge_->broker_ready(); }, .gone = [this] { bridge_->broker_gone(); }}},
        bridge_{description.make({loop, broker_, object_, inherited, options.run_directory})},
        supervisor_{loop,
                    protocol::daemon_address(options.run_directory, protocol::socket_name::supervisor),
                    description.events,
                    {.updated = [this](const auto& update) { jobs_changed(update); },
                     .bus_address =
                         [this](const auto& address) {
                           if (!object_.has_bus()) object_.join_bus(address);
                         }}} {
    object_.serve([this](auto& connection, const auto& path) {
      return std::make_unique<WatchesObject>(connection, path, [this] { return bridge_->watches(); });
    });
    if (!options.bus.empty()) object_.join_bus(options.bus);
  }

  void rejoin_bus() { object_.rejoin_bus(); }

private:
  void jobs_changed(const ConditionsUpdate& update) {
    bridge_->jobs_changed(update);
    if (std::exchange(ready_, true)) return;
    spdlog::info("ready; {} jobs ask for events of this bridge", update.changed.size());
    if (!base::notify_manager("READY=1")) spdlog::warn("unable to send READY=1 to the service manager");
  }

  bool ready_ = false;
  PublicObject object_;
  BrokerSession broker_;
  std::unique_ptr<Bridge> bridge_;
  SupervisorSession supervisor_;
};

int run_bridge(const Description& description, const base::CommonOptions& options) {
  base::EventLoop loop;
  auto inherited = base::inherited_descriptors();
  auto own = base::OwnSocket::open(inherited, description.name,
                                   protocol::daemon_address(options.run_directory, description.name));
  if (!own) {
    spdlog::error("{}", own.error());
    return EXIT_FAILURE;
  }
  Daemon daemon{loop, description, options, own->take(), inherited};
  base::DaemonSignals signals{loop, {.end = [&] { loop.stop(); }, .connect_now = [&] { daemon.rejoin_bus(); }}};
  loop.run();
  base::notify_manager("STOPPING=1");
  return EXIT_SUCCESS;
}

} // namespace

int run(const Description& description, int argc, char** argv) {
  return base::run_daemon({.name = description.name,
                           .description = description.summary,
                           .declare = description.declare,
                           .run = [&](const base::CommonOptions& options) { return run_bridge(description, options); }},
                          argc, argv);
}

} // namespace upstart::bridge
