#include "clients/system-v/system-init.hpp"

#include "clients/base/commands/tracked-commands.hpp"
#include "clients/system-v/login-records.hpp"
#include "clients/system-v/present-runlevels.hpp"
#include "clients/system-v/program.hpp"

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
  return with_upstart({}, system, [&](Upstart& upstart) -> Outcome {
    TrackedCommands{upstart}.emit("runlevel", variables, false);
    return 0;
  });
}

} // namespace upstart::client
