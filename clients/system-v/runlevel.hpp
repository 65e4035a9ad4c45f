// Runlevels as System V has them: a character each, '0' to '6' or 'S'; 'N' stands for none. Values; init itself knows
// none of them.
#pragma once

#include <optional>
#include <string_view>

namespace upstart::client {

inline constexpr char no_runlevel = 'N';

// Where a system came from, and where it is.
struct Runlevels {
  char previous = no_runlevel;
  char current = no_runlevel;
  friend bool operator==(const Runlevels&, const Runlevels&) = default;
};

// The runlevel that a word names, 's' as 'S'; nothing for another word.
[[nodiscard]] std::optional<char> runlevel_of(std::string_view word);

// What the variables RUNLEVEL and PREVLEVEL say; nothing where the first is not set. Set, but empty, it means that
// there has been none yet: so a job makes the tools overlook the records of an earlier boot.
[[nodiscard]] std::optional<Runlevels> runlevels_from(const std::optional<std::string_view>& runlevel,
                                                      const std::optional<std::string_view>& previous);

} // namespace upstart::client
