// upstart-socket-bridge: what the bridge is, and the mode that it runs in.
#include "daemons/bridge/main.hpp"
#include "daemons/socket-bridge/default-mode.hpp"
#include "protocol/names.hpp"

using namespace upstart;

int main(int argc, char** argv) {
  const bridge::Description description{
      .name = protocol::socket_name::bridge,
      .summary = "Listens on the sockets that jobs name, and emits the event `socket` with the listening descriptor "
                 "when a client comes.",
      .events = {socket_bridge::event_name},
      .make = [](auto services) { return std::make_unique<socket_bridge::DefaultMode>(services); }};
  return bridge::run(description, argc, argv);
}
