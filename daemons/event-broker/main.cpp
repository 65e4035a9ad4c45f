// upstart-event-broker: see README.md beside this file.
#include "daemons/base/peer.hpp"
#include "daemons/base/program/daemon-main.hpp"
#include "daemons/base/program/own-socket.hpp"
#include "daemons/base/service-manager.hpp"
#include "daemons/event-broker/broker.hpp"
#include "protocol/names.hpp"

#include <CLI/CLI.hpp>
#include <spdlog/spdlog.h>

#include <sys/resource.h>

#include <cstdlib>
#include <optional>

namespace {

using namespace upstart;
using namespace upstart::broker;

// Events bring descriptors along.
void allow_many_descriptors() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  if (::setrlimit(RLIMIT_NOFILE, &limit) < 0) spdlog::info("the limit of open files cannot be raised; it stays");
}

// Empty: none. Which bus an instance is on is known to init; by itself the broker goes to no bus it was not told of.
std::string bus_of(const base::CommonOptions& options, bool session) {
  if (!options.bus.empty() || !session) return options.bus;
  const char* address = std::getenv("DBUS_SESSION_BUS_ADDRESS");
  return address == nullptr ? "" : address;
}

int fail(const std::string& message) {
  spdlog::error("{}", message);
  return EXIT_FAILURE;
}

// Those that only this daemon has.
struct OwnOptions {
  bool session = false;
  bool no_memory = false;
  std::optional<uid_t> bridge_user{};
};

int run(const base::CommonOptions& options, const OwnOptions& own_options) {
  allow_many_descriptors();
  auto inherited = base::inherited_descriptors();
  auto recovered = own_options.no_memory ? EventStore::without_file() : EventStore::open(options.run_directory);
  if (!recovered) return fail(recovered.error());
  auto own = base::OwnSocket::open(inherited, protocol::socket_name::broker,
                                   protocol::daemon_address(options.run_directory, protocol::socket_name::broker));
  if (!own) return fail(own.error());

  base::EventLoop loop;
  Broker broker{loop, std::move(*recovered), Permissions{::geteuid(), own_options.bridge_user}};
  broker.take_back(std::move(inherited));
  base::PeerServer server{loop,
                          own->take(),
                          [&](auto peer) { broker.serve(std::move(peer)); },
                          {},
                          [](const std::string& trouble) { spdlog::warn("{}", trouble); }};
  base::DaemonSignals signals{loop, {.end = [&] { loop.stop(); }, .connect_now = [&] { broker.retry_buses(); }}};
  if (auto address = bus_of(options, own_options.session); !address.empty())
    static_cast<void>(broker.join_bus(address));
  base::notify_manager("READY=1");
  loop.run();
  base::notify_manager("STOPPING=1");
  broker.finish_up();
  return EXIT_SUCCESS;
}

} // namespace

int main(int argc, char** argv) {
  OwnOptions own;
  return base::run_daemon(
      {.name = protocol::socket_name::broker,
       .description = "Takes events, orders them, and gives each to the handlers that want it.",
       .vital = true,
       .declare =
           [&](CLI::App& app) {
             app.add_flag("--session", own.session, "without --bus: join the bus in DBUS_SESSION_BUS_ADDRESS");
             app.add_option("--bridge-user", own.bridge_user, "the user whose processes are bridges that need no root")
                 ->type_name("UID");
             app.add_flag("--no-memory", own.no_memory,
                          "write nothing down, to measure what that costs: events are lost if "
                          "this process dies");
           },
       .run = [&](const base::CommonOptions& options) { return run(options, own); }},
      argc, argv);
}
