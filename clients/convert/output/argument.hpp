// Values as arguments of stanzas. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace upstart::convert {

// The text as one argument of a stanza or a condition, quoted where it must be. Nothing: it has a line break, which no
// argument can hold.
[[nodiscard]] std::optional<std::string> as_argument(std::string_view text);

inline constexpr const char* no_line_break = "a value in a job file cannot hold a line break";

} // namespace upstart::convert
