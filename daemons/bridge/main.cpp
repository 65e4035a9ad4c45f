#include "daemons/bridge/main.hpp"

#include "daemons/base/service-manager.hpp"
#include "daemons/bridge/supervisor-session.hpp"
#include "protocol/names.hpp"

#include <CLI/CLI.hpp>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <csignal>
#include <cstdlib>
#include <optional>

namespace upstart::bridge {

namespace {

using Inherited = std::multimap<std::string, base::FileDescriptor>;

struct Options {
  std::string run_directory;
  std::string bus; // empty: the one that the supervisor names
  bool quiet = false;
  bool verbose = false;
  bool debug = false;
};

void describe(CLI::App& app, const Description& description, Options& options) {
  app.description(description.summary);
  app.set_version_flag("--version", "upstart-" + description.name + " (upstart " UPSTART_VERSION ")");
  app.add_option("--run-directory", options.run_directory, "where the daemons' sockets are")
      ->required()
      ->type_name("DIR");
  app.add_option("--bus", options.bus, "the D-Bus address of the bus to be on")->type_name("ADDRESS");
  app.add_flag("-q,--quiet", options.quiet, "log errors only");
  app.add_flag("-v,--verbose", options.verbose, "log also what is watched, and what happens to it");
  app.add_flag("--debug", options.debug, "log everything");
}

spdlog::level::level_enum log_level(const Options& options) {
  if (options.debug) return spdlog::level::debug;
  if (options.verbose) return spdlog::level::info;
  return options.quiet ? spdlog::level::err : spdlog::level::warn;
}

void set_up_log(const std::string& name, const Options& options) {
  auto logger = spdlog::stderr_logger_st(name);
  logger->set_pattern(name + ": %v");
  logger->set_level(log_level(options));
  spdlog::set_default_logger(std::move(logger));
}

// The bridge's own socket: inherited, else made here; removed in the end by the one who made it.
class OwnSocket {
public:
  OwnSocket(const std::string& run_directory, const std::string& name, Inherited& inherited) {
    if (auto place = inherited.find(name); place != inherited.end()) {
      fd_ = std::move(place->second);
      inherited.erase(place);
      return;
    }
    auto address = protocol::daemon_address(run_directory, name);
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

// The bridge among its sessions. What is declared first lives longest.
class Daemon {
public:
  Daemon(base::EventLoop& loop, const Description& description, const Options& options, base::FileDescriptor listening,
         Inherited& inherited)
      : object_{loop, std::move(listening), description.name},
        broker_{loop,
                protocol::daemon_address(options.run_directory, protocol::socket_name::broker),
                {.ready = [this] { bridge_->broker_ready(); }, .gone = [this] { bridge_->broker_gone(); }}},
        bridge_{description.make({loop, broker_, object_, inherited})},
        supervisor_{loop,
                    protocol::daemon_address(options.run_directory, protocol::socket_name::supervisor),
                    description.events,
                    {.updated = [this](const auto& update) { jobs_changed(update); },
                     .bus_address =
                         [this](const auto& address) {
                           if (!object_.has_bus()) object_.join_bus(address);
                         }}} {
    if (!options.bus.empty()) object_.join_bus(options.bus);
  }

  void rejoin_bus() { object_.rejoin_bus(); }

private:
  void jobs_changed(const ConditionsUpdate& update) {
    bridge_->jobs_changed(update);
    if (std::exchange(ready_, true)) return;
    spdlog::info("ready; {} jobs ask for events of this bridge", update.changed.size());
    if (!base::notify_manager("READY=1"))
      spdlog::warn("the service manager could not be told that the bridge is ready");
  }

  bool ready_ = false;
  PublicObject object_;
  BrokerSession broker_;
  std::unique_ptr<Bridge> bridge_;
  SupervisorSession supervisor_;
};

int run_daemon(const Description& description, const Options& options) {
  std::signal(SIGPIPE, SIG_IGN);
  base::EventLoop loop;
  auto inherited = base::inherited_descriptors();
  OwnSocket own{options.run_directory, description.name, inherited};
  base::SignalWatcher terminate{loop, SIGTERM, [&] { loop.stop(); }};
  base::SignalWatcher interrupt{loop, SIGINT, [&] { loop.stop(); }};
  Daemon daemon{loop, description, options, own.take(), inherited};
  base::SignalWatcher rejoin{loop, SIGUSR1, [&] { daemon.rejoin_bus(); }};
  loop.run();
  base::notify_manager("STOPPING=1");
  return EXIT_SUCCESS;
}

} // namespace

int run(const Description& description, int argc, char** argv) {
  Options options;
  CLI::App app;
  describe(app, description, options);
  CLI11_PARSE(app, argc, argv);
  set_up_log(description.name, options);
  try {
    return run_daemon(description, options);
  } catch (const std::exception& error) {
    spdlog::error("{}", error.what());
    return EXIT_FAILURE;
  }
}

} // namespace upstart::bridge
