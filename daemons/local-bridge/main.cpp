// upstart-local-bridge: what the bridge is, and its options.
#include "daemons/bridge/main.hpp"
#include "daemons/local-bridge/local-bridge.hpp"
#include "protocol/event-pattern.hpp"

#include <CLI/CLI.hpp>

using namespace upstart;

int main(int argc, char** argv) {
  local_bridge::Options options;
  bridge::Description description{
      .name = "local-bridge",
      .summary = "Listens on a local socket, and emits an event for each line NAME=VALUE that a client writes.",
      .events = {},
      .make = [&](auto services) { return std::make_unique<local_bridge::LocalBridge>(services, options); }};
  description.several = true; // one for each socket
  description.declare = [&](CLI::App& app) {
    app.add_option_function<std::string>(
           "--event",
           [&](const std::string& event) {
             if (event.empty() || protocol::is_event_pattern(event))
               throw CLI::ValidationError("--event", "the name of one event is needed");
             options.event = event;
             description.events = {event};
           },
           "the event to emit")
        ->required()
        ->type_name("EVENT");
    app.add_option("--path", options.socket.path, "where to listen: a path, or @ and the name of an abstract socket")
        ->required()
        ->type_name("PATH");
    app.add_flag("--any-user", options.socket.any_user, "let clients of all users write, not only this one's");
  };
  return bridge::run(description, argc, argv);
}
