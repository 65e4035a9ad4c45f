// Whether an event is one of another node of the fleet: what its condition says of that.
#pragma once

#include <string_view>

namespace upstart::client {

// Of a word of the condition.
[[nodiscard]] constexpr bool names_node(std::string_view argument) {
  return argument.starts_with("NODE=") || argument.starts_with("NODE!=");
}

} // namespace upstart::client
