// What the author of a wrong word may have meant.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace upstart::base {

// How many letters must be added, removed, replaced or swapped with their neighbour to make one word of the other.
// Of words too long to be compared: 32.
[[nodiscard]] std::size_t edit_distance(std::string_view left, std::string_view right);

// "did you mean `respawn`?", or nothing if no word is near enough. Case is ignored.
[[nodiscard]] std::string near_miss(std::string_view word, std::span<const std::string_view> words);
// The same, or "expected `log` or `none`" when none is near.
[[nodiscard]] std::string near_miss_or_list(std::string_view word, std::span<const std::string_view> words);

} // namespace upstart::base
