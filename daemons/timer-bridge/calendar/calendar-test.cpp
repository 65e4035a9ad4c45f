#include "daemons/timer-bridge/calendar/calendar.hpp"

#include "daemons/timer-bridge/clock/time-zones.hpp"

#include <doctest/doctest.h>

#include <array>
#include <format>

using namespace upstart::timer_bridge;
using namespace std::chrono;
using namespace std::chrono_literals;

namespace {

constexpr WallTime at(year_month_day day, seconds time = 0s) { return sys_days{day} + time; }

// An offset that changes at given moments.
struct TestZone final : Zone {
  std::vector<std::pair<WallTime, seconds>> changes; // in order
  seconds first{0};
  [[nodiscard]] seconds offset_at(WallTime time) const override {
    auto offset = first;
    for (const auto& [moment, next] : changes)
      if (time >= moment) offset = next;
    return offset;
  }
};
const TestZone utc;

// As in Berlin in 2027: forward at 2 o'clock on 28 March, back at 3 o'clock on 31 October.
const TestZone& berlin() {
  static TestZone zone;
  zone.first = 1h;
  zone.changes = {{at(2027y / 3 / 28, 1h), 2h}, {at(2027y / 10 / 31, 1h), 1h}};
  return zone;
}

Calendar of(const std::string& text) {
  auto calendar = parse_at(text);
  REQUIRE_MESSAGE(calendar, calendar.error());
  return *calendar;
}
Calendar cron(const std::string& text) {
  auto calendar = parse_cron(text);
  REQUIRE_MESSAGE(calendar, calendar.error());
  return *calendar;
}

std::string following(const Calendar& calendar, WallTime after, const Zone& zone, int count = 1) {
  std::string text;
  std::optional<WallTime> time = after;
  for (int i = 0; i < count && time; ++i) {
    time = next(calendar, *time, zone);
    text += (text.empty() ? "" : " ") + (time ? iso_8601(*time, zone) : "never");
  }
  return text;
}

} // namespace

TEST_CASE("calendar times in systemd's notation") {
  auto thursday = at(2026y / 11 / 26, 10h);
  CHECK(following(of("03:30"), thursday, utc) == "2026-11-27T03:30:00+00:00");
  CHECK(following(of("Mon..Fri 08:00"), thursday, utc, 3) ==
        "2026-11-27T08:00:00+00:00 2026-11-30T08:00:00+00:00 2026-12-01T08:00:00+00:00");
  CHECK(following(of("Sat..Mon 12:00:30"), thursday, utc) == "2026-11-28T12:00:30+00:00");
  CHECK(following(of("*-*-01 00:00"), thursday, utc) == "2026-12-01T00:00:00+00:00");
  CHECK(following(of("*-02-29"), thursday, utc) == "2028-02-29T00:00:00+00:00");
  CHECK(following(of("12-24,25 18:00"), thursday, utc, 2) == "2026-12-24T18:00:00+00:00 2026-12-25T18:00:00+00:00");
  CHECK(following(of("*:0/15"), thursday, utc, 2) == "2026-11-26T10:15:00+00:00 2026-11-26T10:30:00+00:00");
  CHECK(following(of("9..17/4:30"), thursday, utc, 3) ==
        "2026-11-26T13:30:00+00:00 2026-11-26T17:30:00+00:00 2026-11-27T09:30:00+00:00");
  CHECK(following(of("2030/5-06-01 00:00"), thursday, utc, 2) == "2030-06-01T00:00:00+00:00 2035-06-01T00:00:00+00:00");
  CHECK(following(of("2020-01-01"), thursday, utc) == "never");
  CHECK(following(of("*-02-30"), thursday, utc) == "never");
}

TEST_CASE("words for common calendar times") {
  auto thursday = at(2026y / 11 / 26, 10h);
  CHECK(following(of("daily"), thursday, utc) == "2026-11-27T00:00:00+00:00");
  CHECK(following(of("hourly"), thursday, utc) == "2026-11-26T11:00:00+00:00");
  CHECK(following(of("Weekly"), thursday, utc) == "2026-11-30T00:00:00+00:00");
  CHECK(following(of("monthly"), thursday, utc) == "2026-12-01T00:00:00+00:00");
  CHECK(of("yearly") == of("*-01-01"));
}

TEST_CASE("what is no calendar time says what would be one") {
  CHECK(parse_at("").error().contains("is empty"));
  CHECK(parse_at("25:00").error() == "`25' is no hour; 0 to 23 is possible");
  CHECK(parse_at("Mondays 08:00").error().contains("no day of the week"));
  CHECK(parse_at("08:00 UTC").error().contains("TZ="));
  CHECK(parse_at("17..9:00").error().contains("ends before it begins"));
  CHECK(parse_at("*:0/0").error().contains("no step"));
  CHECK(parse_at("2026-13-01").error().contains("month"));
  CHECK(parse_at("1:2:3:4").error().contains("time of day"));
  CHECK(parse_at("noon").error().contains("day of the week"));
}

TEST_CASE("the five fields of crontab") {
  auto thursday = at(2026y / 11 / 26, 10h);
  CHECK(following(cron("*/20 * * * *"), thursday, utc, 2) == "2026-11-26T10:20:00+00:00 2026-11-26T10:40:00+00:00");
  CHECK(following(cron("30 4 * * mon-fri"), thursday, utc, 2) == "2026-11-27T04:30:00+00:00 2026-11-30T04:30:00+00:00");
  CHECK(following(cron("0 0 1,15 * *"), thursday, utc, 2) == "2026-12-01T00:00:00+00:00 2026-12-15T00:00:00+00:00");
  CHECK(following(cron("0 12 13 * Fri"), thursday, utc, 2) ==
        "2026-11-27T12:00:00+00:00 2026-12-04T12:00:00+00:00"); // one of the two is enough
  CHECK(following(cron("0 12 13 * */1"), thursday, utc) == "2026-12-13T12:00:00+00:00");
  CHECK(following(cron("5 0 * aug 7"), thursday, utc) == "2027-08-01T00:05:00+00:00");
  CHECK(cron("@daily") == cron("0 0 * * *"));
  CHECK(parse_cron("* * * *").error().starts_with("has 4 fields; five are needed"));
  CHECK(parse_cron("60 * * * *").error().contains("minute"));
  CHECK(parse_cron("* * * foo *").error() == "`foo' is no month; 1 to 12 is possible");
  CHECK_FALSE(parse_cron("@reboot"));
}

TEST_CASE("time spans") {
  CHECK(parse_duration("15m") == 15min);
  CHECK(parse_duration("1h 30min") == 90min);
  CHECK(parse_duration("90") == 90s);
  CHECK(parse_duration("2d12h") == 60h);
  CHECK(parse_duration("0s").error().contains("at least a second"));
  for (const auto* wrong : {"", "m", "5 parsecs", "-1h", "1.5h"}) CHECK_FALSE(parse_duration(wrong));
  CHECK_FALSE(parse_duration("2000000000w"));
}

TEST_CASE("a time that the clock skips is the moment after the gap") {
  auto before = at(2027y / 3 / 27, 12h);
  CHECK(following(of("02:30"), before, berlin(), 2) == "2027-03-28T03:00:00+02:00 2027-03-29T02:30:00+02:00");
  CHECK(following(of("*:0/30"), at(2027y / 3 / 28, 30min), berlin(), 2) ==
        "2027-03-28T03:00:00+02:00 2027-03-28T03:30:00+02:00");
}

TEST_CASE("a time that comes twice is the first of the two") {
  auto before = at(2027y / 10 / 30, 12h);
  CHECK(following(of("02:30"), before, berlin(), 2) == "2027-10-31T02:30:00+02:00 2027-11-01T02:30:00+01:00");
  CHECK(following(of("02:30"), at(2027y / 10 / 31, 1h + 10min), berlin()) == "2027-11-01T02:30:00+01:00");
  CHECK(following(cron("0 * * * *"), at(2027y / 10 / 31, 0s), berlin(), 2) == // 02:00 summer time
        "2027-10-31T03:00:00+01:00 2027-10-31T04:00:00+01:00");
}

// Each minute of a year, one by one; what the clock skips counts for the moment after it.
TEST_CASE("a year of crontab times is that of a plain search, also over changes of the clock") {
  struct Plain {
    const char* text;
    bool (*is_one)(const year_month_day& day, weekday of_week, int hour, int minute);
  };
  constexpr std::array plain{
      Plain{"*/20 * * * *", [](const auto&, weekday, int, int m) { return m % 20 == 0; }},
      Plain{"15 2 * * *", [](const auto&, weekday, int h, int m) { return h == 2 && m == 15; }},
      Plain{"30 4 * * mon-fri",
            [](const auto&, weekday w, int h, int m) { return h == 4 && m == 30 && w != Saturday && w != Sunday; }},
      Plain{"0 12 13 * Fri", [](const auto& d, weekday w, int h,
                                int m) { return h == 12 && m == 0 && (d.day() == day{13} || w == Friday); }},
      Plain{"0 12 */2 * 5",
            [](const auto& d, weekday w, int h, int m) {
              return h == 12 && m == 0 && static_cast<unsigned>(d.day()) % 2 == 1 && w == Friday;
            }},
      Plain{"5,35 1-3,22 31 jan-jun/2,12 *",
            [](const auto& d, weekday, int h, int m) {
              auto month = static_cast<unsigned>(d.month());
              return (m == 5 || m == 35) && ((h >= 1 && h <= 3) || h == 22) && d.day() == day{31} &&
                     (month == 1 || month == 3 || month == 5 || month == 12);
            }},
      Plain{"@weekly", [](const auto&, weekday w, int h, int m) { return w == Sunday && h == 0 && m == 0; }},
  };
  const auto first = at(2027y / 1 / 1) - 1h, last = at(2028y / 1 / 1) - 1h;
  const auto after_gap = at(2027y / 3 / 28, 1h);
  for (const auto& [text, is_one] : plain) {
    CAPTURE(text);
    auto calendar = cron(text);
    auto is_one_at = [&](LocalTime now) {
      auto date = floor<days>(now);
      auto of_day = hh_mm_ss{now - date};
      return is_one(year_month_day{date}, weekday{date}, static_cast<int>(of_day.hours().count()),
                    static_cast<int>(of_day.minutes().count()));
    };
    auto expected = next(calendar, first - 1s, berlin());
    int found = 0;
    for (auto time = first; time < last; time += 1min) {
      if (time >= at(2027y / 10 / 31, 1h) && time < at(2027y / 10 / 31, 2h)) continue; // comes a second time
      bool is_due = is_one_at(local(time, berlin()));
      for (auto skipped = 1min; time == after_gap && skipped <= 1h; skipped += 1min)
        is_due = is_due || is_one_at(local(time, berlin()) - skipped);
      if (!is_due) continue;
      REQUIRE(expected == time);
      expected = next(calendar, *expected, berlin());
      ++found;
    }
    CHECK(found > 0);
    CHECK((!expected || *expected >= last));
  }
}

// Each minute of a year, one by one.
TEST_CASE("a year of times is that of a plain search, also over changes of the clock") {
  struct Plain {
    const char* text;
    bool (*is_one)(const year_month_day& day, weekday of_week, int hour, int minute);
  };
  constexpr std::array plain{
      Plain{"03:30", [](const auto&, weekday, int h, int m) { return h == 3 && m == 30; }},
      Plain{"Mon..Fri 08:00",
            [](const auto&, weekday w, int h, int m) { return h == 8 && m == 0 && w != Saturday && w != Sunday; }},
      Plain{"*-*-01 00:00", [](const auto& d, weekday, int h, int m) { return d.day() == day{1} && h == 0 && m == 0; }},
      Plain{"Sun *-1..6-* 0/6:10,50",
            [](const auto& d, weekday w, int h, int m) {
              return w == Sunday && d.month() <= June && h % 6 == 0 && (m == 10 || m == 50);
            }},
      Plain{"*-2/3-29..31 23:59",
            [](const auto& d, weekday, int h, int m) {
              return static_cast<unsigned>(d.month()) % 3 == 2 && d.day() >= day{29} && h == 23 && m == 59;
            }},
  };
  for (const auto& [text, is_one] : plain) {
    CAPTURE(text);
    auto calendar = of(text);
    auto expected = next(calendar, at(2027y / 1 / 1) - 1h - 1s, berlin());
    int found = 0;
    for (auto time = at(2027y / 1 / 1) - 1h; time < at(2028y / 1 / 1) - 1h; time += 1min) {
      auto now = local(time, berlin());
      auto date = floor<days>(now);
      auto of_day = hh_mm_ss{now - date};
      bool is_second_pass = time >= at(2027y / 10 / 31, 1h) && time < at(2027y / 10 / 31, 2h);
      if (is_second_pass || !is_one(year_month_day{date}, weekday{date}, static_cast<int>(of_day.hours().count()),
                                    static_cast<int>(of_day.minutes().count())))
        continue;
      REQUIRE(expected == time);
      expected = next(calendar, *expected, berlin());
      ++found;
    }
    CHECK(found > 0);
    CHECK((!expected || *expected >= at(2028y / 1 / 1) - 1h));
  }
}

TEST_CASE("the zones of the machine") {
  CHECK(iso_8601(at(2027y / 7 / 1), *zone_of("Europe/Berlin")) == "2027-07-01T02:00:00+02:00");
  CHECK(iso_8601(at(2027y / 1 / 1), *zone_of("America/St_Johns")) == "2026-12-31T20:30:00-03:30");
  CHECK(following(of("02:30"), at(2027y / 3 / 27, 12h), *zone_of("Europe/Berlin")) == "2027-03-28T03:00:00+02:00");
}
