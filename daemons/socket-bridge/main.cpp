// upstart-socket-bridge: what the bridge is, and the mode that it runs in.
#include "daemons/bridge/main.hpp"
#include "daemons/socket-bridge/default-mode.hpp"
#include "daemons/socket-bridge/sharing/daemonization.hpp"
#include "daemons/socket-bridge/sharing/main.hpp"
#include "daemons/socket-bridge/sharing/options.hpp"
#include "protocol/names.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <span>
#include <string_view>
#include <vector>

using namespace upstart;

namespace {

bool has(std::span<char*> words, std::string_view option) {
  return std::ranges::any_of(words, [&](std::string_view word) { return word == option; });
}

// Before anything is begun that a child process would not have.
void begin(socket_bridge::Daemonization& daemonization, std::span<char*> words) {
  using enum socket_bridge::Daemonization::Forks;
  bool is_daemon = has(words, "--daemon");
  if (is_daemon || has(words, "--fork")) daemonization.begin(is_daemon ? twice : once);
}

// What every bridge does for --daemon has been done here, and waits until the bridge is ready.
std::vector<char*> without_daemon(std::span<char*> words) {
  std::vector<char*> rest{words.begin(), words.end()};
  std::erase_if(rest, [](std::string_view word) { return word == "--daemon"; });
  rest.push_back(nullptr);
  return rest;
}

} // namespace

int main(int argc, char** argv) {
  if (socket_bridge::is_sharing(argc, argv)) return socket_bridge::run_sharing(argc, argv);
  socket_bridge::Daemonization daemonization;
  std::span words{argv, static_cast<std::size_t>(argc)};
  begin(daemonization, words);
  const bridge::Description description{
      .name = protocol::socket_name::bridge,
      .summary = "Listens on the sockets that jobs name, and emits the event `socket` with the listening descriptor "
                 "when a client comes.",
      .events = {socket_bridge::event_name},
      .make =
          [&](auto services) {
            return std::make_unique<socket_bridge::DefaultMode>(services, [&] { daemonization.ready(); });
          },
      .declare =
          [](auto& app) {
            app.add_flag("--fork", "as --daemon, with one fork, as `expect fork' has it"); // seen before
            socket_bridge::describe_sharing(app);
          },
      .stands_by = [&] { daemonization.ready(); }};
  auto rest = without_daemon(words);
  return bridge::run(description, static_cast<int>(rest.size() - 1), rest.data());
}
