#include "clients/system-v/present-runlevels.hpp"

#include "clients/system-v/login-records.hpp"

namespace upstart::client {

Runlevels present_runlevels(const ProcessContext& context, const SystemFiles& files) {
  if (auto given = runlevels_from(context.variable("RUNLEVEL"), context.variable("PREVLEVEL"))) return *given;
  return LoginRecords{files.utmp, files.wtmp}.runlevels().value_or(std::nullopt).value_or(Runlevels{});
}

} // namespace upstart::client
