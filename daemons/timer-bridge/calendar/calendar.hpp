// Calendar times: which moments of local time are meant, and which of them comes next. Pure; what a time zone does is
// asked of `Zone`.
#pragma once

#include <bitset>
#include <chrono>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace upstart::timer_bridge {

using WallTime = std::chrono::sys_seconds;
using LocalTime = std::chrono::local_seconds;

class Zone {
public:
  Zone() = default;
  Zone(const Zone&) = delete;
  Zone& operator=(const Zone&) = delete;
  virtual ~Zone() = default;
  // Local time minus UTC at that moment.
  [[nodiscard]] virtual std::chrono::seconds offset_at(WallTime time) const = 0;
};

struct Years {
  int first, last, step;
  friend bool operator==(const Years&, const Years&) = default;
};

// Every moment all of whose parts are in these sets.
struct Calendar {
  std::bitset<7> weekdays = ~std::bitset<7>{}; // from Sunday
  std::vector<Years> years{};                  // empty: all
  std::bitset<13> months = ~std::bitset<13>{}; // from 1
  std::bitset<32> days = ~std::bitset<32>{};   // from 1
  std::bitset<24> hours{};
  std::bitset<60> minutes{};
  std::bitset<60> seconds{};
  bool either_day = false; // the weekday or the day of the month is enough, as in crontab(5)
  friend bool operator==(const Calendar&, const Calendar&) = default;
};

// systemd's notation (systemd.time(7)): "Mon..Fri 08:00", "*-*-01 00:00", "daily". The error says what is wrong.
[[nodiscard]] std::expected<Calendar, std::string> parse_at(std::string_view text);
// The five fields of crontab(5), or a nickname such as @daily.
[[nodiscard]] std::expected<Calendar, std::string> parse_cron(std::string_view text);
// "15m", "1h 30min", "90" (seconds), with s, m, h, d, w and their longer names: more than 0.
[[nodiscard]] std::expected<std::chrono::seconds, std::string> parse_duration(std::string_view text);

// The first moment after `after`; nothing where there is none (a 30th of February). A local time that does not exist is
// taken for the moment at which the clock is put forward past it; of one that comes twice the first is meant.
[[nodiscard]] std::optional<WallTime> next(const Calendar& calendar, WallTime after, const Zone& zone);

[[nodiscard]] LocalTime local(WallTime time, const Zone& zone);
// "2026-11-26T03:30:00+01:00".
[[nodiscard]] std::string iso_8601(WallTime time, const Zone& zone);

} // namespace upstart::timer_bridge
