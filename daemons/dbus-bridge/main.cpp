// upstart-dbus-bridge: what the bridge is, and its options.
#include "daemons/bridge/main.hpp"
#include "daemons/dbus-bridge/dbus-bridge.hpp"

#include <CLI/CLI.hpp>

using namespace upstart;

int main(int argc, char** argv) {
  dbus_bridge::Options options;
  const bridge::Description description{
      .name = "dbus-bridge",
      .summary = "Listens for the D-Bus signals that jobs name, and emits the event `dbus` for each.",
      .events = {dbus_bridge::event_name},
      .make = [&](auto services) { return std::make_unique<dbus_bridge::DbusBridge>(services, options); },
      .declare =
          [&](CLI::App& app) {
            app.add_flag("--session", options.session, "listen on the session bus where a job names no BUS");
            app.add_flag("--always", options.always, "emit an event for every signal, whether a job names it or not");
            app.add_option("--bus-name", options.bus_name, "give the events of this bus the variable BUS=NAME")
                ->type_name("NAME");
          },
      .system_is_a_bus = true};
  return bridge::run(description, argc, argv);
}
