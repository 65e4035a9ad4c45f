#include "clients/telinit/telinit.hpp"

#include "clients/system-v/program.hpp"
#include "clients/system-v/runlevel.hpp"
#include "clients/system-v/system-init.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <format>

namespace upstart::client {

namespace {

const Program& program() {
  static const Program telinit{
      .name = "telinit",
      .synopsis = "RUNLEVEL",
      .about =
          "Changes the runlevel of the system: 0 halts it, 6 reboots it, 1 and S (or s) are for one user, 2 to 5 for "
          "many. The runlevel is recorded in utmp and wtmp and emitted as the event `runlevel'; what jobs make of "
          "it is not waited for.\n"
          "Q (or q) makes init read its job files again, U (or u) makes it execute itself anew and waits until it "
          "has done so.",
      .options = {{"-e", "KEY=VALUE", "put this variable into the environment of the event; may be repeated"},
                  {"-t", "SECONDS", ""}},
  };
  return telinit;
}

Outcome read_job_files_again(const ProcessContext& context) {
  return with_upstart({}, context, [](Upstart& upstart) -> Outcome {
    upstart.manager().ReloadConfiguration();
    return 0;
  });
}

constexpr const char* limit_variable = "UPSTART_TELINIT_TIMEOUT";

std::chrono::milliseconds time_to_restart(const ProcessContext& context) {
  constexpr int seconds = 30;
  auto given = context.variable(limit_variable);
  int result = given ? std::atoi(given->c_str()) : seconds;
  return std::chrono::seconds{result > 0 ? result : seconds};
}

// False: not within that time.
bool await_restarted(Connection& connection, const bool& is_told, std::chrono::milliseconds limit) {
  using Clock = std::chrono::steady_clock;
  for (auto end = Clock::now() + limit; !is_told;) {
    auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now());
    if (left.count() <= 0 || (!connection.handle_message(left) && !is_told)) return false;
  }
  return true;
}

// It answers before it does it. Then either the signal comes, or the connection is lost with the daemon that is
// replaced, and the next one answers.
Outcome execute_anew(const ProcessContext& context) {
  bool is_answered = false;
  return with_upstart({}, context, [&](Upstart& upstart) -> Outcome {
    if (is_answered) {
      (void)upstart.manager().version();
      return 0;
    }
    bool is_told = false;
    auto& connection = upstart.connection();
    std::string rule = std::format("type='signal',interface='{}',member='Restarted'", Manager::INTERFACE_NAME);
    if (connection.target().kind != Target::Kind::peer) rule += ",sender='" + connection.target().destination + "'";
    auto slot = connection.sdbus().addMatch(rule, [&](const sdbus::Message&) { is_told = true; }, sdbus::return_slot);
    upstart.manager().Restart();
    is_answered = true;
    if (await_restarted(connection, is_told, time_to_restart(context))) return 0;
    return std::unexpected{Failure{"init did not execute itself anew in time, and goes on as it is; its log says why"}};
  });
}

Outcome run(const GivenWords& given, ProcessContext& context) {
  if (given.arguments.empty()) return std::unexpected{Failure{"missing runlevel", true}};
  const auto& word = given.arguments[0];
  auto runlevel = runlevel_of(word);
  bool reload = word == "q" || word == "Q", restart = word == "u" || word == "U";
  if (!runlevel && !reload && !restart) return std::unexpected{Failure{"illegal runlevel: " + word, true}};
  if (given.arguments.size() > 1) return std::unexpected{Failure{"unexpected argument: " + given.arguments[1], true}};
  auto environment = given.values("e");
  auto bad = std::ranges::find_if(environment, [](const auto& each) { return each.find('=') + 1 < 2; });
  if (bad != environment.end())
    return std::unexpected{Failure{std::format("not a variable: `{}'; it is one like KEY=VALUE", *bad), true}};
  if (auto root = need_root(context); !root) return std::unexpected{root.error()};
  if (runlevel) return change_runlevel(*runlevel, environment, context);
  auto system = for_system_init(context);
  return reload ? read_job_files_again(system) : execute_anew(system);
}

} // namespace

int telinit(const std::vector<std::string>& words, ProcessContext& context) {
  return run_program(program(), words, context, [&](const GivenWords& given) { return run(given, context); });
}

} // namespace upstart::client
