#include "protocol/event-pattern.hpp"

#include <doctest/doctest.h>

using namespace upstart::protocol;

TEST_CASE("a name stands for itself, a pattern for every event that fits it, and for an event of its own name") {
  CHECK(event_fits("socket", "socket"));
  CHECK_FALSE(event_fits("socket", "sockets"));
  CHECK(event_fits("*-device-*", "net-device-added"));
  CHECK_FALSE(event_fits("*-device-*", "net-device"));
  CHECK(event_fits(":sys:*", ":sys:started"));
  CHECK(event_fits("a[", "a["));
}
