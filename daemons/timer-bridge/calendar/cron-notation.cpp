#include "daemons/timer-bridge/calendar/calendar.hpp"
#include "daemons/timer-bridge/calendar/words.hpp"

#include <algorithm>
#include <array>
#include <format>

namespace upstart::timer_bridge {

namespace {

using Outcome = std::expected<void, std::string>;

constexpr std::array<std::pair<std::string_view, std::string_view>, 7> nicknames{{
    {"@yearly", "0 0 1 1 *"},
    {"@annually", "0 0 1 1 *"},
    {"@monthly", "0 0 1 * *"},
    {"@weekly", "0 0 * * 0"},
    {"@daily", "0 0 * * *"},
    {"@midnight", "0 0 * * *"},
    {"@hourly", "0 * * * *"},
}};

std::optional<int> month_of(std::string_view text) {
  return place_of_name(month_names, text).transform([](int place) { return place + 1; });
}
std::optional<int> weekday_of(std::string_view text) { return place_of_name(weekday_names, text); }

template <std::size_t size>
Outcome take(std::string_view text, const Bounds& bounds, std::bitset<size>& set,
             std::optional<int> (*named)(std::string_view) = nullptr) {
  set.reset();
  for (const auto& part : parts_of(text, ',')) {
    auto item = item_of(part, "-", bounds, named);
    if (!item) return std::unexpected(item.error());
    for (int value = item->first; value <= item->last; value += item->step) set.set(static_cast<std::size_t>(value));
  }
  return {};
}

// 7 is Sunday, too.
Outcome take_weekdays(std::string_view text, Calendar& calendar) {
  std::bitset<8> days;
  if (auto taken = take(text, {"day of the week", 0, 7}, days, weekday_of); !taken) return taken;
  calendar.weekdays.reset();
  for (std::size_t day = 0; day < days.size(); ++day)
    if (days[day]) calendar.weekdays.set(day % 7);
  return {};
}

} // namespace

std::expected<Calendar, std::string> parse_cron(std::string_view text) {
  auto word = lower(text);
  if (auto found = std::ranges::find(nicknames, word, [](const auto& pair) { return pair.first; });
      found != nicknames.end())
    text = found->second;
  auto fields = words_of(text);
  if (fields.size() != 5)
    return std::unexpected(std::format("has {} fields; five are needed: minute, hour, day of the month, month, day of "
                                       "the week, or a nickname such as @daily",
                                       fields.size()));
  Calendar calendar;
  calendar.seconds.set(0);
  calendar.either_day = !fields[2].starts_with('*') && !fields[4].starts_with('*');
  auto outcome = take(fields[0], {"minute", 0, 59}, calendar.minutes)
                     .and_then([&] { return take(fields[1], {"hour", 0, 23}, calendar.hours); })
                     .and_then([&] { return take(fields[2], {"day of the month", 1, 31}, calendar.days); })
                     .and_then([&] { return take(fields[3], {"month", 1, 12}, calendar.months, month_of); })
                     .and_then([&] { return take_weekdays(fields[4], calendar); });
  if (!outcome) return std::unexpected(outcome.error());
  return calendar;
}

} // namespace upstart::timer_bridge
