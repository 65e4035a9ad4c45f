#include "daemons/timer-bridge/calendar/calendar.hpp"
#include "daemons/timer-bridge/calendar/words.hpp"

#include <algorithm>
#include <array>
#include <format>

namespace upstart::timer_bridge {

namespace {

struct Unit {
  std::string_view name;
  std::int64_t seconds;
};
constexpr std::array units{
    Unit{"s", 1},        Unit{"sec", 1},     Unit{"second", 1},    Unit{"seconds", 1},    Unit{"", 1},
    Unit{"m", 60},       Unit{"min", 60},    Unit{"minute", 60},   Unit{"minutes", 60},   Unit{"h", 3600},
    Unit{"hr", 3600},    Unit{"hour", 3600}, Unit{"hours", 3600},  Unit{"d", 86400},      Unit{"day", 86400},
    Unit{"days", 86400}, Unit{"w", 604800},  Unit{"week", 604800}, Unit{"weeks", 604800},
};
constexpr std::int64_t longest = 100 * 366 * std::int64_t{86400};

std::unexpected<std::string> wrong(std::string_view text) {
  return std::unexpected(std::format("`{}' is no time span, such as 90s, 15m, 1h 30m, 2d", text));
}

} // namespace

std::expected<std::chrono::seconds, std::string> parse_duration(std::string_view text) {
  auto rest = lower(text);
  std::erase(rest, ' ');
  std::int64_t total = 0;
  if (rest.empty()) return wrong(text);
  while (!rest.empty()) {
    auto digits = std::min(rest.find_first_not_of("0123456789"), rest.size());
    auto number = number_of(rest.substr(0, digits));
    auto letters = std::min(rest.find_first_of("0123456789", digits), rest.size());
    auto unit = std::ranges::find(units, rest.substr(digits, letters - digits), &Unit::name);
    if (!number || unit == units.end()) return wrong(text);
    total += *number * unit->seconds;
    if (total > longest) return std::unexpected(std::format("`{}' is more than a hundred years", text));
    rest.erase(0, letters);
  }
  if (total == 0) return std::unexpected(std::format("`{}' is no time at all; at least a second is needed", text));
  return std::chrono::seconds{total};
}

} // namespace upstart::timer_bridge
