// upstart-timer-bridge: emits `timer` at the times that jobs ask for.
#include "daemons/bridge/main.hpp"
#include "daemons/timer-bridge/timer-bridge.hpp"

int main(int argc, char** argv) {
  using namespace upstart;
  return bridge::run({.name = "timer-bridge",
                      .summary = "Emits the event `timer' at the times that jobs ask for.",
                      .events = {timer_bridge::event_name},
                      .make = [](auto services) { return std::make_unique<timer_bridge::TimerBridge>(services); }},
                     argc, argv);
}
