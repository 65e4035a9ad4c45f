// A shell on the console, for a machine that cannot go on by itself: `sulogin`, which asks for root's password, or
// where there is none a plain shell.
#pragma once

#include <expected>
#include <string>

#include <sys/types.h>

namespace upstart::init {

// A child that leads a session of its own, with the console as its terminal; init's own descriptors are not its. The
// error is why there is none.
[[nodiscard]] std::expected<pid_t, std::string> start_emergency_shell();

// Says on the console what the matter is, starts the shell and waits until it has ended. Whatever else ends meanwhile
// is not reaped. For a time at which there is no event loop. Where no shell can be run, or it ends at once, it waits a
// while instead, so that what follows is not tried in a hurry.
void run_emergency_shell(const std::string& why);

// What the console is told: what happened, and what can be done about it now.
[[nodiscard]] std::string emergency_message(const std::string& why);

} // namespace upstart::init
