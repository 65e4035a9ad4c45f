// Signals by name, as job files and events give them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace upstart::supervisor {

// "TERM" or "SIGTERM"; nothing for what is no name of a signal.
[[nodiscard]] std::optional<int> signal_of_name(std::string_view name);
// Without "SIG"; the number where it has no name.
[[nodiscard]] std::string name_of_signal(int number);
// The name nearest to a wrong one: "did you mean `TERM`?"; may be empty.
[[nodiscard]] std::string suggested_signal(std::string_view name);

} // namespace upstart::supervisor
