// What must hold for any text: it can be parsed, its diagnostics can be shown, and a class that it gives can be printed
// and parsed again without a difference. Used by the fuzz target and, over its corpus, by a test.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace upstart::supervisor {

// Which of these does not hold; nothing if all do.
[[nodiscard]] std::optional<std::string> violated_property(std::string_view text);

} // namespace upstart::supervisor
