// init executes its program anew and keeps its process id: the state goes to the new program in a memory file, named by
// an environment variable, with the descriptors that it tells of. The new program is asked first whether it can take
// the state over; only then is it executed. Signals that come meanwhile wait until the new program is ready for them.
#pragma once

#include "daemons/init/handover/handed-state.hpp"

#include <optional>

namespace upstart::init {

// `command_line` has the program's path first. Returns only where nothing has changed, with the reason.
[[nodiscard]] std::string execute_with(const HandedState& state, const std::vector<std::string>& command_line);

// For the program that is executed: the state that it was handed, if any, with all its descriptors close-on-exec again;
// the variable is gone from the environment then. The error is why it cannot be taken over.
[[nodiscard]] std::optional<std::expected<HandedState, std::string>> take_handed_state();
// To be called by it when it is ready for signals.
void let_signals_in();

// For the program that is asked ("--check-state FD"): the exit status; a reason against it is on standard error.
inline constexpr const char* check_option = "--check-state";
[[nodiscard]] int check_state(const std::string& fd);

} // namespace upstart::init
