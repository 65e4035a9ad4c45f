// What the System V tools ask of the init of the system: to go to a runlevel. A runlevel is an event for it, and two
// records for everybody else.
#pragma once

#include "clients/base/upstart.hpp"

namespace upstart::client {

// The context of a program that talks to the init of the system, also where it runs within a user's session. The
// variable UPSTART_INIT_ADDRESS names another init, for tests.
[[nodiscard]] ProcessContext for_system_init(const ProcessContext& context);

// Records the runlevel, then emits `runlevel RUNLEVEL= PREVLEVEL=` with this environment behind, and does not wait for
// what jobs make of it. A record that cannot be written is warned of, a file that is not there is not.
[[nodiscard]] Outcome change_runlevel(char runlevel, const std::vector<std::string>& environment,
                                      ProcessContext& context);

} // namespace upstart::client
