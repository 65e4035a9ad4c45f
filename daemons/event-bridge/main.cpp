// upstart-event-bridge: what the bridge is.
#include "daemons/bridge/main.hpp"
#include "daemons/event-bridge/conditions/system-event.hpp"
#include "daemons/event-bridge/event-bridge.hpp"

using namespace upstart;

int main(int argc, char** argv) {
  const bridge::Description description{
      .name = "event-bridge",
      .summary = "Emits the events of the system's Upstart in a user's session, as :sys:NAME.",
      .events = {event_bridge::event_names},
      .make = [](auto services) { return std::make_unique<event_bridge::EventBridge>(services); }};
  return bridge::run(description, argc, argv);
}
