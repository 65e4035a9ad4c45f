#include "clients/shutdown/schedule.hpp"

#include <charconv>
#include <format>

namespace upstart::client {

namespace {

constexpr std::int64_t minutes_per_day = 24 * 60;

std::optional<std::int64_t> number(std::string_view digits, std::int64_t most) {
  std::int64_t value = 0;
  auto [end, error] = std::from_chars(digits.begin(), digits.end(), value);
  if (digits.empty() || digits[0] == '-' || error != std::errc{} || end != digits.end() || value > most)
    return std::nullopt;
  return value;
}

std::string_view name_of(ShutdownGoal goal) {
  switch (goal) {
    using enum ShutdownGoal;
  case maintenance: return "maintenance";
  case reboot: return "reboot";
  case halt: return "system halt";
  case halt_or_power_off:
  case power_off: break;
  }
  return "power off";
}

} // namespace

std::optional<ShutdownTime> read_time(std::string_view word, const std::tm& now) {
  if (word == "now") return ShutdownTime{};
  auto colon = word.find(':');
  if (colon == std::string_view::npos) {
    constexpr std::int64_t most = 366 * minutes_per_day; // so far nobody plans; a slip of the keyboard is found
    auto minutes = number(word.starts_with('+') ? word.substr(1) : word, most);
    if (!minutes) return std::nullopt;
    return ShutdownTime{.minutes = *minutes};
  }
  auto hour = number(word.substr(0, colon), 23), minute = number(word.substr(colon + 1), 59);
  if (!hour || !minute || word.size() - colon != 3) return std::nullopt;
  auto minutes = (*hour * 60 + *minute) - (now.tm_hour * 60 + now.tm_min);
  if (minutes < 0) minutes += minutes_per_day;
  return ShutdownTime{.minutes = minutes, .seconds_ago = minutes == 0 ? 0 : now.tm_sec, .is_time_of_day = true};
}

bool is_warning_due(std::int64_t minutes_left) {
  if (minutes_left < 10) return true;
  if (minutes_left < 60) return minutes_left % 15 == 0;
  if (minutes_left < 180) return minutes_left % 30 == 0;
  return minutes_left % 60 == 0;
}

char runlevel_for(ShutdownGoal goal) {
  if (goal == ShutdownGoal::maintenance) return '1';
  return goal == ShutdownGoal::reboot ? '6' : '0';
}

std::string_view init_halt_for(ShutdownGoal goal) {
  if (goal == ShutdownGoal::halt) return "HALT";
  return goal == ShutdownGoal::power_off ? "POWEROFF" : "";
}

std::string warning(ShutdownGoal goal, std::int64_t minutes_left) {
  auto text = std::format("The system is going down for {}", name_of(goal));
  if (minutes_left == 0) return text + " NOW!";
  return std::format("{} in {} {}!", text, minutes_left, minutes_left == 1 ? "minute" : "minutes");
}

} // namespace upstart::client
