#include "daemons/timer-bridge/calendar/calendar.hpp"
#include "daemons/timer-bridge/calendar/words.hpp"

#include <algorithm>
#include <array>
#include <format>

namespace upstart::timer_bridge {

namespace {

using Outcome = std::expected<void, std::string>;

constexpr std::array<std::pair<std::string_view, std::string_view>, 8> shorthands{{
    {"minutely", "*-*-* *:*:00"},
    {"hourly", "*-*-* *:00:00"},
    {"daily", "*-*-* 00:00:00"},
    {"weekly", "Mon *-*-* 00:00:00"},
    {"monthly", "*-*-01 00:00:00"},
    {"quarterly", "*-01,04,07,10-01 00:00:00"},
    {"semiannually", "*-01,07-01 00:00:00"},
    {"yearly", "*-01-01 00:00:00"},
}};

template <std::size_t size> Outcome take(std::string_view text, const Bounds& bounds, std::bitset<size>& set) {
  set.reset();
  for (const auto& part : parts_of(text, ',')) {
    auto item = item_of(part, "..", bounds);
    if (!item) return std::unexpected(item.error());
    for (int value = item->first; value <= item->last; value += item->step) set.set(static_cast<std::size_t>(value));
  }
  return {};
}

Outcome take_years(std::string_view text, Calendar& calendar) {
  if (text == "*") return {};
  for (const auto& part : parts_of(text, ',')) {
    auto item = item_of(part, "..", {"year", 1970, 2199});
    if (!item) return std::unexpected(item.error());
    calendar.years.push_back({item->first, item->last, item->step});
  }
  return {};
}

// A range may go past the end of the week.
Outcome take_weekdays(std::string_view text, Calendar& calendar) {
  calendar.weekdays.reset();
  for (const auto& part : parts_of(text, ',')) {
    auto between = part.find("..");
    auto first = place_of_name(weekday_names, part.substr(0, between));
    auto last = between == std::string::npos ? first : place_of_name(weekday_names, part.substr(between + 2));
    if (!first || !last)
      return std::unexpected(std::format("`{}' is no day of the week, such as Mon, or Mon..Fri", part));
    for (int day = *first;; day = (day + 1) % 7) {
      calendar.weekdays.set(static_cast<std::size_t>(day));
      if (day == *last) break;
    }
  }
  return {};
}

Outcome take_date(std::string_view text, Calendar& calendar) {
  auto parts = parts_of(text, '-');
  if (parts.size() < 2 || parts.size() > 3)
    return std::unexpected(std::format("`{}' is no date; YEAR-MONTH-DAY is needed, each of which may be *", text));
  if (parts.size() == 2) parts.insert(parts.begin(), "*");
  return take_years(parts[0], calendar)
      .and_then([&] { return take(parts[1], {"month", 1, 12}, calendar.months); })
      .and_then([&] { return take(parts[2], {"day of the month", 1, 31}, calendar.days); });
}

Outcome take_time(std::string_view text, Calendar& calendar) {
  auto parts = parts_of(text, ':');
  if (parts.size() < 2 || parts.size() > 3)
    return std::unexpected(std::format("`{}' is no time of day; HOUR:MINUTE or HOUR:MINUTE:SECOND is needed", text));
  if (parts.size() == 2) parts.emplace_back("00");
  return take(parts[0], {"hour", 0, 23}, calendar.hours)
      .and_then([&] { return take(parts[1], {"minute", 0, 59}, calendar.minutes); })
      .and_then([&] { return take(parts[2], {"second", 0, 59}, calendar.seconds); });
}

bool is_weekday(std::string_view word) {
  auto c = static_cast<char>(word.front() | ' ');
  return c >= 'a' && c <= 'z';
}

} // namespace

std::expected<Calendar, std::string> parse_at(std::string_view text) {
  auto word = lower(text);
  if (word == "annually" || word == "anually") word = "yearly";
  if (auto found = std::ranges::find(shorthands, word, [](const auto& pair) { return pair.first; });
      found != shorthands.end())
    text = found->second;
  Calendar calendar;
  (void)take_time("00:00:00", calendar);
  auto words = words_of(text);
  auto next = words.begin();
  Outcome outcome;
  if (next != words.end() && is_weekday(*next)) outcome = take_weekdays(*next++, calendar);
  if (outcome && next != words.end() && next->contains('-')) outcome = take_date(*next++, calendar);
  if (outcome && next != words.end() && next->contains(':')) outcome = take_time(*next++, calendar);
  if (!outcome) return std::unexpected(outcome.error());
  if (words.empty()) return std::unexpected("is empty; a calendar time is needed, such as `Mon..Fri 08:00'");
  if (next != words.end())
    return std::unexpected(std::format("`{}' is not understood; [WEEKDAYS] [YEAR-MONTH-DAY] [HOUR:MINUTE[:SECOND]] is "
                                       "possible, in that order, or a word such as daily; a time zone is given by TZ=",
                                       *next));
  return calendar;
}

} // namespace upstart::timer_bridge
