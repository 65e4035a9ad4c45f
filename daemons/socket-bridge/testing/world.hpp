// A run directory with the bridge's neighbours in it, and the real bridge among them.
#pragma once

#include "daemons/socket-bridge/testing/process.hpp"
#include "daemons/socket-bridge/testing/stand-ins.hpp"
#include "daemons/socket-bridge/testing/temporary-directory.hpp"
#include "generated/SocketBridge1-proxy-stub.hpp"
#include "protocol/names.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>

namespace upstart::bridge::testing {

using namespace std::chrono_literals;
using Strings = std::vector<std::string>;

// What SocketBridge1 shows, followed over a connection.
class Observer : public sdbus::ProxyInterfaces<com::ubuntu::Upstart::SocketBridge1_proxy_stub> {
public:
  explicit Observer(sdbus::IConnection& connection, const std::string& name = "")
      : ProxyInterfaces(connection, sdbus::ServiceName{name}, sdbus::ObjectPath{protocol::path::socket_bridge}) {
    registerProxy();
  }
  ~Observer() { unregisterProxy(); }

  // Address and state, in the order of signals.
  std::vector<std::string> changes;
  std::optional<std::map<std::string, std::pair<Strings, std::string>>> sockets;

  void ask() {
    sockets.reset();
    getProxy()
        .callMethodAsync("ListSockets")
        .onInterface(INTERFACE_NAME)
        .uponReplyInvoke([this](std::optional<sdbus::Error> error,
                                const std::vector<sdbus::Struct<std::string, Strings, std::string>>& list) {
          if (error) return;
          sockets.emplace();
          for (const auto& socket : list) (*sockets)[socket.get<0>()] = {socket.get<1>(), socket.get<2>()};
        });
  }

private:
  void onSocketChanged(const std::string& address, const std::string& state) override {
    changes.push_back(address + " " + state);
  }
};

// A run directory with the bridge's neighbours; the bridge is started when the test has set the scene.
struct World {
  TemporaryDirectory directory;
  base::EventLoop loop;
  Supervisor supervisor{loop, directory.path()};
  Broker broker{loop, directory.path()};
  Manager manager{loop, directory.path()};
  std::string output = directory / "output";
  std::unique_ptr<Process> bridge;
  Strings options{"--debug"};
  std::map<std::string, std::string> environment;
  bool managed = true;

  // Runs the loop until it is so; what the loop does not hear of is looked at every few milliseconds.
  void until(const std::function<bool()>& so, const char* what) {
    bool late = false;
    base::Timer limit{loop, [&] { late = true; }};
    base::Timer look{loop, [] {}};
    limit.start(20s);
    look.start_repeating(5ms);
    while (!so() && !late) loop.run_once();
    if (!so()) MESSAGE("the bridge said:\n" << content_of(output));
    REQUIRE_MESSAGE(so(), what);
  }

  void start() {
    manager.forget_what_was_told();
    Process::Plan plan{.command = {SOCKET_BRIDGE, "--run-directory", directory.path()},
                       .environment = environment,
                       .descriptors = {},
                       .output = output};
    plan.command.insert(plan.command.end(), options.begin(), options.end());
    if (managed) plan.environment["NOTIFY_SOCKET"] = manager.address();
    for (const auto& [name, fd] : manager.kept()) plan.descriptors.emplace_back(name, fd.get());
    bridge = std::make_unique<Process>(plan);
    if (managed) until([&] { return manager.was_told("READY=1"); }, "ready");
  }

  void until_events(std::size_t count) {
    until([&] { return broker.count() >= count; }, "an event");
    CHECK(broker.count() == count);
  }

  // The states of all sockets, asked for now.
  std::map<std::string, std::pair<Strings, std::string>> sockets() {
    std::unique_ptr<base::BusConnection> connection;
    auto handshake = base::Handshake::to_peer(
        loop, protocol::daemon_address(directory.path(), protocol::socket_name::bridge), [&](auto outcome) {
          REQUIRE(outcome);
          connection = std::move(*outcome);
        });
    until([&] { return connection != nullptr; }, "a connection to the bridge");
    Observer observer{connection->sdbus()};
    observer.ask();
    until([&] { return observer.sockets.has_value(); }, "ListSockets");
    return *observer.sockets;
  }
  std::string state(const std::string& address) { return sockets()[address].second; }
  void until_state(const std::string& address, const std::string& beginning) {
    until([&] { return state(address).starts_with(beginning); }, (address + " " + beginning).c_str());
  }

  // A bus daemon, and a connection of the test to it.
  std::string bus_address() const { return "unix:path=" + (directory / "bus"); }
  Process start_bus() {
    return Process{
        {.command = {"dbus-daemon", "--session", "--nofork", "--nopidfile", "--nosyslog", "--address=" + bus_address()},
         .environment = {},
         .descriptors = {},
         .output = directory / "bus-output"}};
  }
  std::unique_ptr<base::BusConnection> join_bus() {
    std::unique_ptr<base::BusConnection> connection;
    std::unique_ptr<base::Handshake> handshake;
    bool failed = true;
    auto tried = [&](auto outcome) {
      failed = !outcome;
      if (outcome) connection = std::move(*outcome);
    };
    until(
        [&] {
          if (std::exchange(failed, false)) handshake = base::Handshake::to_bus(loop, bus_address(), tried);
          return connection != nullptr;
        },
        "the bus");
    return connection;
  }
  void until_on_bus(base::BusConnection& connection) {
    auto bus = sdbus::createProxy(connection.sdbus(), sdbus::ServiceName{"org.freedesktop.DBus"},
                                  sdbus::ObjectPath{"/org/freedesktop/DBus"});
    bool there = false;
    auto ask = [&] {
      bus->callMethodAsync("NameHasOwner")
          .onInterface("org.freedesktop.DBus")
          .withArguments(protocol::bus_name::socket_bridge)
          .uponReplyInvoke([&](std::optional<sdbus::Error> error, bool has) { there = !error && has; });
    };
    bus->uponSignal("NameOwnerChanged")
        .onInterface("org.freedesktop.DBus")
        .call([&](const std::string&, const std::string&, const std::string&) { ask(); });
    ask();
    until([&] { return there; }, "the bridge's name on the bus");
  }

  // The job takes the socket of event `id`, as far as the bridge can see: it is active well before the event finishes.
  // The two are told on two connections; that the bridge has answered in between keeps them in order.
  void job_runs(const std::string& job, std::size_t id) {
    supervisor.set_active(job, 1);
    sockets();
    broker.finish(id, false);
  }
};

} // namespace upstart::bridge::testing
