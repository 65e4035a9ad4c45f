// What must hold of any text at all: it can be parsed and what is said of it can be shown; and a class that comes of it
// can be printed and read again without a difference. Used by the fuzz target and, over its corpus, by a test.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace upstart::supervisor {

// What does not hold; nothing if all is well.
[[nodiscard]] std::optional<std::string> broken_promise(std::string_view text);

} // namespace upstart::supervisor
