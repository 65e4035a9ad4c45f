// upstart-socket-bridge: what the bridge is, and the mode that it runs in.
#include "daemons/bridge/main.hpp"
#include "daemons/socket-bridge/default-mode.hpp"
#include "daemons/socket-bridge/sharing/detachment.hpp"
#include "daemons/socket-bridge/sharing/main.hpp"
#include "daemons/socket-bridge/sharing/options.hpp"
#include "protocol/names.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <span>

using namespace upstart;

namespace {

// Before anything is begun that a child process would not have.
bool asks_for_fork(std::span<char*> words) {
  return std::ranges::any_of(words, [](std::string_view word) { return word == "--fork" || word == "--daemon"; });
}

} // namespace

int main(int argc, char** argv) {
  if (socket_bridge::is_sharing(argc, argv)) return socket_bridge::run_sharing(argc, argv);
  socket_bridge::Detachment detachment;
  if (asks_for_fork({argv, static_cast<std::size_t>(argc)})) detachment.begin();
  const bridge::Description description{
      .name = protocol::socket_name::bridge,
      .summary = "Listens on the sockets that jobs name, and emits the event `socket` with the listening descriptor "
                 "when a client comes.",
      .events = {socket_bridge::event_name},
      .make =
          [&](auto services) {
            return std::make_unique<socket_bridge::DefaultMode>(services, [&] { detachment.ready(); });
          },
      .declare =
          [](auto& app) {
            app.add_flag("--fork", "as --daemon, and end when ready"); // seen before
            socket_bridge::describe_sharing(app);
          }};
  return bridge::run(description, argc, argv);
}
