#include "daemons/timer-bridge/conditions/timer-condition.hpp"

#include <doctest/doctest.h>

using namespace upstart::timer_bridge;
using namespace std::chrono_literals;
using Words = std::vector<std::string>;

namespace {

TimerCondition good(const Words& words) {
  auto condition = parse_condition(words);
  REQUIRE_MESSAGE(condition, condition.error().message);
  return *condition;
}

std::string bad(const Words& words) {
  auto condition = parse_condition(words);
  REQUIRE_FALSE(condition);
  return condition.error().variable + ": " + condition.error().message;
}

} // namespace

TEST_CASE("the four kinds of timers") {
  CHECK(good({"EVERY=15m"}).every == 15min);
  CHECK(good({"EVERY=15m", "JITTER=30s"}).jitter == 30s);
  CHECK(good({"AT=Mon..Fri 08:00", "TZ=Europe/Berlin"}).zone == "Europe/Berlin");
  CHECK_FALSE(good({"AT=daily", "CATCHUP=no"}).catch_up);
  CHECK(good({"CRON=*/5 * * * *"}).kind == Kind::calendar);
  CHECK(good({"AFTER=startup", "DELAY=15m"}).after == "startup");
  CHECK(good({"AFTER=startup", "DELAY=15m"}).every == 15min);
}

TEST_CASE("the event begins with the variables as the condition has them, save those that only match") {
  CHECK(good({"TZ=UTC", "AT=03:30", "MISSED=0"}).variables.strings() == Words{"TZ=UTC", "AT=03:30"});
  CHECK(text_of(good({"AT=Mon 03:30", "TZ=UTC"}).variables) == "AT=\"Mon 03:30\" TZ=UTC");
}

TEST_CASE("what cannot be served names the variable and says what would be right") {
  CHECK(bad({}).starts_with("EVERY: is missing, and so are AT, CRON and AFTER"));
  CHECK(bad({"EVERY=soon"}) == "EVERY: `soon' is no time span, such as 90s, 15m, 1h 30m, 2d");
  CHECK(bad({"EVERY=1m", "JITTER=1m"}).starts_with("JITTER: is not less than EVERY"));
  CHECK(bad({"EVERY=1m", "AT=daily"}).starts_with("AT: stands beside EVERY"));
  CHECK(bad({"EVERY=1m", "TZ=UTC"}) == "TZ: not a variable of this kind of timer; known are EVERY, JITTER");
  CHECK(bad({"AT=25:00"}) == "AT: `25' is no hour; 0 to 23 is possible");
  CHECK(bad({"AT=daily", "TZ=Europe/Atlantis"}).starts_with("TZ: `Europe/Atlantis' is no time zone"));
  CHECK(bad({"AT=daily", "TZ=../passwd"}).starts_with("TZ: "));
  CHECK(bad({"AT=daily", "CATCHUP=maybe"}).starts_with("CATCHUP: unknown value maybe"));
  CHECK(bad({"CRON=* * *"}).starts_with("CRON: has 3 fields"));
  CHECK(bad({"AFTER=startup"}).starts_with("DELAY: is missing"));
  CHECK(bad({"AFTER=timer", "DELAY=1m"}).starts_with("AFTER: timer would follow"));
  CHECK(bad({"EVERY=$X"}).contains("not known before the job runs"));
}
