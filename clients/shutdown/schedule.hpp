// When a shutdown happens, when its warnings are due, and what they say. Values: no clock, no terminal.
#pragma once

#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>

namespace upstart::client {

// Of a TIME on the command line: minutes from now, or an hour and minute of the day, today or tomorrow.
struct ShutdownTime {
  std::int64_t minutes = 0;     // from now
  std::int64_t seconds_ago = 0; // since when the minute of `now` runs: a time of day is reached at its beginning
  bool is_time_of_day = false;  // follows the clock when that is set
};

// "now", "+m", "m" and "hh:mm"; nothing for other words. `now` is local time. A time of day that is past means
// tomorrow.
[[nodiscard]] std::optional<ShutdownTime> read_time(std::string_view word, const std::tm& now);

// Whether users are warned when so many minutes are left: hourly, below 180 minutes every 30, below 60 every 15, below
// 10 every minute.
[[nodiscard]] bool is_warning_due(std::int64_t minutes_left);

inline constexpr std::int64_t no_logins_minutes = 5; // in the last of them nobody logs in any more

enum class ShutdownGoal : std::uint8_t { maintenance, reboot, halt_or_power_off, halt, power_off };

[[nodiscard]] char runlevel_for(ShutdownGoal goal);
// The value of INIT_HALT for the event; empty: the event has none.
[[nodiscard]] std::string_view init_halt_for(ShutdownGoal goal);
// "The system is going down for reboot in 5 minutes!"
[[nodiscard]] std::string warning(ShutdownGoal goal, std::int64_t minutes_left);

} // namespace upstart::client
