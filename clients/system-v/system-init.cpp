#include "clients/system-v/system-init.hpp"

#include "clients/base/commands/tracked-commands.hpp"
#include "clients/system-v/login-records.hpp"
#include "clients/system-v/other-init.hpp"
#include "clients/system-v/present-runlevels.hpp"
#include "clients/system-v/program.hpp"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <format>

namespace upstart::client {

ProcessContext for_system_init(const ProcessContext& context) {
  return {.out = context.out,
          .err = context.err,
          .variable =
              [variable = context.variable](const std::string& name) {
                return variable(name == "UPSTART_SESSION" ? "UPSTART_INIT_ADDRESS" : name);
              },
          .uid = context.uid,
          .program = context.program};
}

namespace {

Outcome tell_systemd(char runlevel, const std::vector<std::string>& environment, ProcessContext& context) {
  warn(context, "process 1 is systemd until the next boot: telling it by a signal");
  if (::kill(1, SIGRTMIN + systemd_signal_for(runlevel, environment)) == 0) return 0;
  return std::unexpected{Failure{std::format("unable to send a signal to process 1: {}", std::strerror(errno))}};
}

} // namespace

Outcome change_runlevel(char runlevel, const std::vector<std::string>& environment, ProcessContext& context) {
  auto files = SystemFiles::of(context);
  Runlevels levels{.previous = present_runlevels(context, files).current, .current = runlevel};
  for (const auto& error : LoginRecords{files.utmp, files.wtmp}.record_runlevel(levels))
    if (!error.is_missing())
      warn(context, std::format("unable to record the runlevel in {}: {}", error.file, error.code.message()));
  std::vector<std::string> variables{std::format("RUNLEVEL={}", levels.current),
                                     std::format("PREVLEVEL={}", levels.previous)};
  variables.insert(variables.end(), environment.begin(), environment.end());
  auto system = for_system_init(context);
  auto outcome = with_upstart({}, system, [&](Upstart& upstart) -> Outcome {
    TrackedCommands{upstart}.emit("runlevel", variables, false);
    return 0;
  });
  // Who names the init that is meant does not mean another.
  if (!outcome && !context.variable("UPSTART_INIT_ADDRESS") && systemd_is_process_1())
    return tell_systemd(runlevel, environment, context);
  return outcome;
}

} // namespace upstart::client
