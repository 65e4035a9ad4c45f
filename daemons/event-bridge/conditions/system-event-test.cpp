#include "daemons/event-bridge/conditions/system-event.hpp"

#include <doctest/doctest.h>

using namespace upstart::event_bridge;

TEST_CASE("an event of a session that begins with :sys: stands for one of the system") {
  CHECK(parse_condition(":sys:runlevel") == "runlevel");
  CHECK(parse_condition(":sys::sys:x") == ":sys:x");
}

TEST_CASE("the bus is asked for that event alone, as Upstart sends it") {
  CHECK(match_rule("it's") == R"(type='signal',sender='com.ubuntu.Upstart',path='/com/ubuntu/Upstart',)"
                              R"(interface='com.ubuntu.Upstart0_6',member='EventEmitted',arg0='it'\''s')");
  CHECK(match_rule_of_restart().ends_with("member='Restarted'"));
}

TEST_CASE("a name that the system cannot tell of is refused, and what would be right is said") {
  CHECK(parse_condition(":sys:").error().message == "an event of the system is needed after :sys:, such as "
                                                    ":sys:runlevel");
  CHECK(parse_condition(":sys:\xff").error().message.contains("no UTF-8"));
}
