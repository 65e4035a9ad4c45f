// upstart-mqtt-bridge: what the bridge is, and its options.
#include "daemons/bridge/main.hpp"
#include "daemons/mqtt-bridge/mqtt-bridge.hpp"

#include <CLI/CLI.hpp>

using namespace upstart;

int main(int argc, char** argv) {
  mqtt_bridge::Options options;
  bridge::Description description{
      .name = "mqtt-bridge",
      .summary = "Makes this machine a node of a fleet: events and commands travel over an MQTT broker.",
      .events = {},
      .make = {}};
  description.make = [&](const bridge::Services& services) {
    auto made = std::make_unique<mqtt_bridge::MqttBridge>(services, options);
    description.events = made->events();
    return made;
  };
  description.declare = [&](CLI::App& app) {
    app.add_option("--configuration", options.configuration, "the file to read in place of fleet.conf")
        ->type_name("FILE");
    app.add_option("--state-directory", options.state_directory, "where events wait, and what is known is kept")
        ->type_name("DIR");
  };
  return bridge::run(description, argc, argv);
}
