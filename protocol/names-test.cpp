#include "protocol/names.hpp"

#include <doctest/doctest.h>

using namespace upstart::protocol;

TEST_CASE("a path element escapes all but letters and digits") {
  CHECK(path_element("foo/bar") == "foo_2fbar");
  CHECK(path_element("") == "_");
  CHECK(path_element("a_b-c.d") == "a_5fb_2dc_2ed");
  CHECK(path_element("\xff") == "_ff");
}

TEST_CASE("a path element can be read back") {
  for (const auto* name : {"", "foo", "net/apache", "weird name_", "\x01\xff"})
    CHECK(name_of_path_element(path_element(name)) == name);
  for (const auto* bad : {"a-b", "_", "a_", "a_2", "a_zz", "a_2F"})
    if (std::string_view{bad} != "_") CHECK_FALSE(name_of_path_element(bad));
}

TEST_CASE("an object path tells whose it is") {
  CHECK(address_of_path("/com/ubuntu/Upstart/jobs/foo") == JobAddress{"foo", std::nullopt});
  CHECK(address_of_path("/com/ubuntu/Upstart/jobs/foo/_") == JobAddress{"foo", ""});
  CHECK_FALSE(address_of_path("/com/ubuntu/Upstart"));
  CHECK_FALSE(address_of_path("/com/ubuntu/Upstart/jobs/a/b/c"));
  CHECK(instance_path("a b", "x") == "/com/ubuntu/Upstart/jobs/a_20b/x");
}

TEST_CASE("a daemon listens under its own name in the run directory") {
  CHECK(daemon_address("/run/upstart", socket_name::broker) == "unix:path=/run/upstart/event-broker.sock");
}

TEST_CASE("a daemon's name on the bus and the path of its object follow from the name of its program") {
  CHECK(daemon_bus_name(socket_name::broker) == bus_name::event_broker);
  CHECK(daemon_object_path(socket_name::broker) == path::event_broker);
  CHECK(daemon_bus_name(socket_name::bridge) == bus_name::socket_bridge);
  CHECK(daemon_object_path(socket_name::bridge) == path::socket_bridge);
}
