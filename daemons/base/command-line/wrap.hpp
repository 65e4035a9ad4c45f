// Text folded for people to read.
#pragma once

#include <string>
#include <string_view>

namespace upstart::base {

// The text in lines of at most `width` characters, each after the first indented; a longer word stands alone.
[[nodiscard]] std::string wrap(std::string_view text, std::size_t width, std::size_t indentation = 0);

} // namespace upstart::base
