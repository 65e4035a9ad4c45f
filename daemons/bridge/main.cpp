#include "daemons/bridge/main.hpp"

#include "daemons/base/program/daemon-main.hpp"
#include "daemons/base/program/own-socket.hpp"
#include "daemons/base/service-manager.hpp"
#include "daemons/bridge/by-hand.hpp"
#include "daemons/bridge/own-directory.hpp"
#include "daemons/bridge/supervisor-session.hpp"
#include "daemons/bridge/watches-object.hpp"
#include "protocol/names.hpp"

#include <CLI/CLI.hpp>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cstdlib>

namespace upstart::bridge {

namespace {

using Inherited = std::multimap<std::string, base::FileDescriptor>;

// The bridge among its sessions. What is declared first lives longest.
class Daemon {
public:
  Daemon(base::EventLoop& loop, const Description& description, const base::CommonOptions& options,
         const std::string& own_directory, const ByHand& by_hand, base::FileDescriptor listening, Inherited& inherited)
      : object_{loop, std::move(listening), description.name},
        broker_{loop,
                protocol::daemon_address(options.run_directory, protocol::socket_name::broker),
                {.ready = [this] { bridge_->broker_ready(); }, .gone = [this] { bridge_->broker_gone(); }}},
        bridge_{description.make({loop, broker_, object_, inherited, options.run_directory, own_directory, offers_,
                                  warnings_, by_hand.home()})},
        supervisor_{loop,
                    protocol::daemon_address(options.run_directory, protocol::socket_name::supervisor),
                    description.events,
                    {.updated = [this](const auto& update) { jobs_changed(update); },
                     .bus_address =
                         [this](const auto& address) {
                           if (!object_.has_bus()) object_.join_bus(address);
                         }},
                    &offers_,
                    &warnings_} {
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
  SocketOffers offers_;
  ConditionWarnings warnings_;
  std::unique_ptr<Bridge> bridge_;
  SupervisorSession supervisor_;
};

// The socket at which init has clients wait belongs to the bridge that init starts.
std::expected<base::OwnSocket, std::string> own_socket(Inherited& inherited, const Description& description,
                                                       const base::CommonOptions& options) {
  auto address_of = [&](const std::string& name) { return protocol::daemon_address(options.run_directory, name); };
  if (!description.several)
    if (auto own = base::OwnSocket::open(inherited, description.name, address_of(description.name))) return own;
  return base::OwnSocket::open(inherited, description.name,
                               address_of(description.name + "." + std::to_string(::getpid())));
}

int run_bridge(const Description& description, const base::CommonOptions& options, const ByHand& by_hand) {
  if (by_hand.daemon) go_to_background();
  auto inherited = base::inherited_descriptors();
  bool is_managed = inherited.contains(description.name);
  std::optional<OnlyBridge> only;
  if (!description.several) {
    auto taken = OnlyBridge::be(options.run_directory, description.name, is_managed || by_hand.is_unattended(),
                                description.stands_by);
    if (!taken) {
      spdlog::error("{}", taken.error());
      return EXIT_FAILURE;
    }
    only.emplace(std::move(*taken));
  }
  base::EventLoop loop;
  auto own = own_socket(inherited, description, options);
  if (!own) {
    spdlog::error("{}", own.error());
    return EXIT_FAILURE;
  }
  auto directory = own_directory(options.run_directory, description.name);
  Daemon daemon{loop, description, options, directory, by_hand, own->take(), inherited};
  base::DaemonSignals signals{loop, {.end = [&] { loop.stop(); }, .connect_now = [&] { daemon.rejoin_bus(); }}};
  loop.run();
  base::notify_manager("STOPPING=1");
  return EXIT_SUCCESS;
}

void declare(CLI::App& app, const Description& description, ByHand& by_hand) {
  auto* user = app.add_flag("--user", by_hand.user, "serve the session that UPSTART_SESSION names");
  auto* system = app.add_flag("--system", by_hand.system, "serve the system's Upstart");
  if (!description.system_is_a_bus) user->excludes(system);
  app.add_flag("--daemon", by_hand.daemon, "go to the background, as `expect daemon' has it");
}

} // namespace

int run(const Description& description, int argc, char** argv) {
  ByHand by_hand;
  return base::run_daemon(
      {.name = description.name,
       .description = description.summary,
       .declare =
           [&](CLI::App& app) {
             declare(app, description, by_hand);
             if (description.declare) description.declare(app);
           },
       .find_run_directory = [&] { return by_hand.run_directory(); },
       .run = [&](const base::CommonOptions& options) { return run_bridge(description, options, by_hand); }},
      argc, argv);
}

} // namespace upstart::bridge
