// Expansion of $NAME references, as instance names and event arguments have them: $NAME, ${NAME}, ${NAME:-x},
// ${NAME-x}, ${NAME:+x}, ${NAME+x}, nested; ${} is a literal $.
#pragma once

#include "protocol/environment.hpp"

#include <expected>
#include <string>
#include <string_view>

namespace upstart::supervisor {

// The error is the text that clients see: "Unknown parameter: X", or "Bad substitution" for an unclosed or odd ${.
[[nodiscard]] std::expected<std::string, std::string> expand(std::string_view text,
                                                             const protocol::Environment& environment);

} // namespace upstart::supervisor
