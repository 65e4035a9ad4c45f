// simulate: what an event would do, asked of the running supervisor, or worked out from directories of job files.
#include "clients/base/supervisor.hpp"
#include "clients/base/upstart.hpp"
#include "clients/initctl/advice.hpp"
#include "clients/initctl/command/command.hpp"
#include "clients/initctl/simulate/helper-program.hpp"
#include "clients/initctl/simulate/simulated-steps.hpp"
#include "protocol/environment.hpp"

#include <nlohmann/json.hpp>

#include <filesystem>
#include <format>

namespace upstart::client {

namespace {

// Why it cannot be read as a directory; nothing if it can.
std::optional<Failure> fault_of(const std::string& directory) {
  std::error_code error;
  std::filesystem::directory_iterator reading{directory, error};
  if (!error) return std::nullopt;
  return Failure{std::format("Unable to read {}: {}", directory, error.message())};
}

std::expected<std::string, Failure> simulate_offline(const Call& call) {
  std::vector<std::string> arguments;
  for (const auto& directory : call.options.values("--confdir")) {
    if (auto fault = fault_of(directory)) return std::unexpected{*fault};
    arguments.insert(arguments.end(), {"--confdir", directory});
  }
  arguments.emplace_back("--");
  arguments.insert(arguments.end(), call.arguments.begin(), call.arguments.end());
  return run_helper("upstart-simulate", std::move(arguments));
}

std::expected<std::string, Failure> simulate_online(Call& call) {
  return with_upstart(call.target_options(), call.context,
                      [&](Upstart& upstart) -> std::expected<std::string, Failure> {
                        return Supervisor{upstart.connection()}.Simulate(call.arguments[0], call.arguments_from(1));
                      });
}

Outcome simulate(Call& call) {
  if (auto fault = protocol::environment_fault(call.arguments_from(1)))
    return std::unexpected{Failure{std::string{*fault}, false, advice_on_keyless(call.arguments_from(1))}};
  auto told = call.has("--confdir") ? simulate_offline(call) : simulate_online(call);
  if (!told) return std::unexpected{told.error()};
  auto steps = Json::parse(*told, nullptr, false);
  if (!steps.is_array())
    return std::unexpected{Failure{"the simulation was told in a form that this program does not know"}};
  if (call.wants_json()) call.print_json(steps);
  else call.print(simulation_in_words(steps));
  return 0;
}

} // namespace

std::vector<Command> simulate_commands() {
  return {
      {.name = "simulate",
       .group = insight_group,
       .summary = "Say what an event would do, without doing it.",
       .synopsis = "EVENT [KEY=VALUE]...",
       .about =
           "Prints in order what would happen if the event were emitted now: which jobs start and stop, what they run, "
           "which "
           "events follow. It assumes that every process succeeds, that services go on and tasks end, and that "
           "nothing else "
           "happens.\n"
           "With --confdir no init is asked: the job files of that directory are read, and nothing is running yet. Try "
           "`initctl simulate --confdir /etc/init startup'.",
       .missing = "event name",
       .completion = "events",
       .options = {{"--confdir", "DIR",
                    "read job files from this directory; may be given several times, in order of precedence",
                    "directories"}},
       .run = simulate,
       .daemon = Daemon::not_needed}};
}

} // namespace upstart::client
