// The characters that separate words on a line.
#pragma once

namespace upstart::supervisor {

[[nodiscard]] constexpr bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r'; }

} // namespace upstart::supervisor
