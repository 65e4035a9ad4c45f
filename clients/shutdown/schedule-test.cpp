#include "clients/shutdown/schedule.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace upstart::client;

namespace {

std::tm at(int hour, int minute, int second = 0) {
  std::tm time{};
  time.tm_hour = hour;
  time.tm_min = minute;
  time.tm_sec = second;
  return time;
}

std::int64_t minutes(std::string_view word, const std::tm& now) { return read_time(word, now).value().minutes; }

} // namespace

TEST_CASE("a time is now, minutes from now, or a time of day") {
  CHECK(minutes("now", at(12, 0)) == 0);
  CHECK(minutes("+0", at(12, 0)) == 0);
  CHECK(minutes("+5", at(12, 0)) == 5);
  CHECK(minutes("90", at(12, 0)) == 90);
  CHECK(minutes("12:30", at(12, 0)) == 30);
  CHECK(minutes("9:05", at(8, 0)) == 65);
}

TEST_CASE("a time of day that is past means tomorrow; the present minute means now") {
  CHECK(minutes("11:59", at(12, 0)) == 24 * 60 - 1);
  CHECK(minutes("12:00", at(12, 0, 30)) == 0);
  CHECK(minutes("00:00", at(23, 59)) == 1);
}

TEST_CASE("a time of day is reached when its minute begins") {
  auto time = read_time("12:01", at(12, 0, 45)).value();
  CHECK(time.minutes == 1);
  CHECK(time.seconds_ago == 45);
}

TEST_CASE("what is no time is none") {
  for (const char* word :
       {"", "+", "-5", "+-5", "5m", "24:00", "12:60", "12:5", ":30", "12:", "soon", "99999999999999", "+600000"})
    CHECK_MESSAGE(!read_time(word, at(12, 0)), word);
}

TEST_CASE("warnings come hourly, then every 30 minutes, every 15, and every minute") {
  std::vector<std::int64_t> due;
  for (std::int64_t left = 300; left >= 0; --left)
    if (is_warning_due(left)) due.push_back(left);
  CHECK(due == std::vector<std::int64_t>{300, 240, 180, 150, 120, 90, 60, 45, 30, 15, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0});
}

TEST_CASE("the warning names what comes, and when") {
  using enum ShutdownGoal;
  CHECK(warning(reboot, 0) == "The system is going down for reboot NOW!");
  CHECK(warning(maintenance, 1) == "The system is going down for maintenance in 1 minute!");
  CHECK(warning(halt, 10) == "The system is going down for system halt in 10 minutes!");
  CHECK(warning(power_off, 2) == "The system is going down for power off in 2 minutes!");
}

TEST_CASE("a goal is a runlevel, and for a halt what becomes of the power") {
  using enum ShutdownGoal;
  CHECK(runlevel_for(maintenance) == '1');
  CHECK(runlevel_for(reboot) == '6');
  for (auto goal : {halt, power_off, halt_or_power_off}) CHECK(runlevel_for(goal) == '0');
  CHECK(init_halt_for(halt) == "HALT");
  CHECK(init_halt_for(power_off) == "POWEROFF");
  CHECK(init_halt_for(halt_or_power_off).empty());
}
