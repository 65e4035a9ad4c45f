#include "clients/system-v/runlevel.hpp"

namespace upstart::client {

std::optional<char> runlevel_of(std::string_view word) {
  if (word == "s") return 'S';
  if (word.size() != 1 || !std::string_view{"0123456S"}.contains(word[0])) return std::nullopt;
  return word[0];
}

std::optional<Runlevels> runlevels_from(const std::optional<std::string_view>& runlevel,
                                        const std::optional<std::string_view>& previous) {
  if (!runlevel) return std::nullopt;
  auto first_of = [](std::string_view text) { return text.empty() ? no_runlevel : text[0]; };
  return Runlevels{.previous = first_of(previous.value_or("")), .current = first_of(*runlevel)};
}

} // namespace upstart::client
