// How wide the terminal is that a program prints to.
#pragma once

#include <cstddef>
#include <optional>

namespace upstart::base {

// In characters; nothing where standard output is no terminal.
[[nodiscard]] std::optional<std::size_t> width_of_standard_output();

} // namespace upstart::base
