#include "daemons/timer-bridge/calendar/calendar.hpp"

#include <algorithm>
#include <format>
#include <utility>

namespace upstart::timer_bridge {

namespace {

using namespace std::chrono;

constexpr int last_year = 2199;
constexpr hours around{26}; // no two changes of a zone's offset are that near

bool has_year(const Calendar& calendar, int year) {
  return calendar.years.empty() || std::ranges::any_of(calendar.years, [&](const Years& range) {
           return year >= range.first && year <= range.last && (year - range.first) % range.step == 0;
         });
}

bool has_day(const Calendar& calendar, local_days date) {
  year_month_day day{date};
  if (!has_year(calendar, static_cast<int>(day.year())) || !calendar.months[static_cast<unsigned>(day.month())])
    return false;
  bool of_month = calendar.days[static_cast<unsigned>(day.day())];
  bool of_week = calendar.weekdays[weekday{date}.c_encoding()];
  return calendar.either_day ? of_month || of_week : of_month && of_week;
}

template <std::size_t size> std::optional<unsigned> first_from(const std::bitset<size>& set, unsigned from) {
  for (unsigned place = from; place < size; ++place)
    if (set[place]) return place;
  return std::nullopt;
}

// The first time of day that is not before this one.
std::optional<seconds> time_of_day(const Calendar& calendar, hh_mm_ss<seconds> from) {
  auto hour = static_cast<unsigned>(from.hours().count());
  auto minute = static_cast<unsigned>(from.minutes().count());
  auto second = static_cast<unsigned>(from.seconds().count());
  auto at = [](unsigned h, unsigned m, unsigned s) { return hours{h} + minutes{m} + seconds{s}; };
  auto first_minute = first_from(calendar.minutes, 0), first_second = first_from(calendar.seconds, 0);
  if (!first_minute || !first_second) return std::nullopt;
  if (calendar.hours[hour]) {
    if (calendar.minutes[minute])
      if (auto next_second = first_from(calendar.seconds, second)) return at(hour, minute, *next_second);
    if (auto next_minute = first_from(calendar.minutes, minute + 1)) return at(hour, *next_minute, *first_second);
  }
  auto next_hour = first_from(calendar.hours, hour + 1);
  if (!next_hour) return std::nullopt;
  return at(*next_hour, *first_minute, *first_second);
}

local_days next_month(local_days date) {
  year_month_day day{date};
  return local_days{(day.year() / day.month() + months{1}) / 1};
}

std::optional<LocalTime> next_local(const Calendar& calendar, LocalTime from) {
  for (auto date = floor<days>(from); static_cast<int>(year_month_day{date}.year()) <= last_year;) {
    if (!calendar.months[static_cast<unsigned>(year_month_day{date}.month())]) {
      date = next_month(date);
      continue;
    }
    if (has_day(calendar, date))
      if (auto time = time_of_day(calendar, hh_mm_ss<seconds>{std::max(from, LocalTime{date}) - LocalTime{date}}))
        return LocalTime{date} + *time;
    date += days{1};
  }
  return std::nullopt;
}

// Between the two, at which the offset differs, the moment at which it changes.
WallTime change_between(WallTime before, WallTime after, const Zone& zone) {
  auto new_offset = zone.offset_at(after);
  while (after - before > seconds{1}) {
    auto middle = before + (after - before) / 2;
    (zone.offset_at(middle) == new_offset ? after : before) = middle;
  }
  return after;
}

WallTime moment_of(LocalTime time, const Zone& zone) {
  WallTime as_utc{time.time_since_epoch()};
  auto [smaller, larger] = std::minmax({zone.offset_at(as_utc - around), zone.offset_at(as_utc + around)});
  for (auto offset : {larger, smaller}) // the larger gives the earlier moment
    if (zone.offset_at(as_utc - offset) == offset) return as_utc - offset;
  return change_between(as_utc - larger, as_utc - smaller, zone);
}

} // namespace

LocalTime local(WallTime time, const Zone& zone) { return LocalTime{(time + zone.offset_at(time)).time_since_epoch()}; }

std::optional<WallTime> next(const Calendar& calendar, WallTime after, const Zone& zone) {
  for (auto from = local(after, zone) + seconds{1};;) {
    auto found = next_local(calendar, from);
    if (!found) return std::nullopt;
    if (auto moment = moment_of(*found, zone); moment > after) return moment;
    from = *found + seconds{1};
  }
}

std::string iso_8601(WallTime time, const Zone& zone) {
  auto offset = zone.offset_at(time);
  auto size = duration_cast<minutes>(offset < seconds{0} ? -offset : offset);
  return std::format("{:%FT%T}{}{:02}:{:02}", local(time, zone), offset < seconds{0} ? '-' : '+', size.count() / 60,
                     size.count() % 60);
}

} // namespace upstart::timer_bridge
