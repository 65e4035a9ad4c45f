// A run directory with a bridge's neighbours in it, and the real program of the bridge among them. A bridge's tests
// derive their own fixture from it, which knows the program and asks its object.
#pragma once

#include "daemons/bridge/testing/process.hpp"
#include "daemons/bridge/testing/stand-ins.hpp"
#include "daemons/bridge/testing/temporary-directory.hpp"
#include "generated/Bridge1-proxy-stub.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>

namespace upstart::bridge::testing {

using namespace std::chrono_literals;
using Strings = std::vector<std::string>;

struct Fixture {
  // The program under test, and its name without "upstart-".
  Fixture(std::string its_program, std::string its_name) : program{std::move(its_program)}, name{std::move(its_name)} {}

  std::string program;
  std::string name;
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

  // Runs the loop until the condition holds; what the loop does not hear of is looked at every few milliseconds.
  void until(const std::function<bool()>& condition, const char* what) {
    bool late = false;
    base::Timer limit{loop, [&] { late = true; }};
    base::Timer look{loop, [] {}};
    limit.start(20s);
    look.start_repeating(5ms);
    while (!condition() && !late) loop.run_once();
    if (!condition()) MESSAGE("output of the bridge:\n" << content_of(output));
    REQUIRE_MESSAGE(condition(), what);
  }

  // Starts the program, with the descriptors that the manager keeps, and waits until it is ready.
  void start() {
    manager.clear_received();
    Process::Plan plan{.command = {program, "--run-directory", directory.path()},
                       .environment = environment,
                       .descriptors = {},
                       .output = output};
    plan.command.insert(plan.command.end(), options.begin(), options.end());
    if (managed) plan.environment["NOTIFY_SOCKET"] = manager.address();
    for (const auto& [key, fd] : manager.kept()) plan.descriptors.emplace_back(key, fd.get());
    bridge = std::make_unique<Process>(plan);
    if (managed) until([&] { return manager.received("READY=1"); }, "ready");
  }

  // Runs the program with these arguments alone, to its end: the exit status.
  [[nodiscard]] int run(Strings arguments) const {
    arguments.insert(arguments.begin(), program);
    return Process{{.command = arguments, .environment = {}, .descriptors = {}, .output = output}}.wait();
  }

  void until_events(std::size_t count) {
    until([&] { return broker.count() >= count; }, "an event");
    CHECK(broker.count() == count);
  }

  // A connection to the bridge's own socket.
  std::unique_ptr<base::BusConnection> connect() {
    std::unique_ptr<base::BusConnection> connection;
    auto handshake =
        base::Handshake::to_peer(loop, protocol::daemon_address(directory.path(), name), [&](auto outcome) {
          REQUIRE(outcome);
          connection = std::move(*outcome);
        });
    until([&] { return connection != nullptr; }, "a connection to the bridge");
    return connection;
  }

  // What the bridge watches, asked for now, on its own socket.
  struct ShownWatch {
    std::string what, state;
    std::uint64_t since; // microseconds
    Strings jobs;
  };
  std::vector<ShownWatch> watches() {
    std::optional<std::vector<ShownWatch>> answer;
    auto connection = connect();
    auto object = sdbus::createProxy(connection->sdbus(), sdbus::ServiceName{""},
                                     sdbus::ObjectPath{protocol::daemon_object_path(name)});
    object->callMethodAsync("ListWatches")
        .onInterface(com::ubuntu::Upstart::Bridge1_proxy_stub::INTERFACE_NAME)
        .uponReplyInvoke([&](std::optional<sdbus::Error> error,
                             const std::vector<sdbus::Struct<std::string, std::string, std::uint64_t, Strings>>& list) {
          REQUIRE_FALSE(error);
          answer.emplace();
          for (const auto& [what, state, since, jobs] : list) answer->push_back({what, state, since, jobs});
        });
    until([&] { return answer.has_value(); }, "ListWatches");
    return *answer;
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
  // The bus has handled all that was sent on this connection before.
  void until_bus_has_all(base::BusConnection& connection) {
    bool answered = false;
    auto bus = sdbus::createProxy(connection.sdbus(), sdbus::ServiceName{"org.freedesktop.DBus"},
                                  sdbus::ObjectPath{"/org/freedesktop/DBus"});
    bus->callMethodAsync("GetId")
        .onInterface("org.freedesktop.DBus")
        .uponReplyInvoke([&](std::optional<sdbus::Error>, const std::string&) { answered = true; });
    until([&] { return answered; }, "an answer of the bus");
  }
  void until_on_bus(base::BusConnection& connection) {
    auto bus = sdbus::createProxy(connection.sdbus(), sdbus::ServiceName{"org.freedesktop.DBus"},
                                  sdbus::ObjectPath{"/org/freedesktop/DBus"});
    bool there = false;
    auto ask = [&] {
      bus->callMethodAsync("NameHasOwner")
          .onInterface("org.freedesktop.DBus")
          .withArguments(protocol::daemon_bus_name(name))
          .uponReplyInvoke([&](std::optional<sdbus::Error> error, bool has) { there = !error && has; });
    };
    bus->uponSignal("NameOwnerChanged")
        .onInterface("org.freedesktop.DBus")
        .call([&](const std::string&, const std::string&, const std::string&) { ask(); });
    ask();
    until([&] { return there; }, "the bridge's name on the bus");
  }
};

} // namespace upstart::bridge::testing
