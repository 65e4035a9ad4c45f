#include "protocol/bridges.hpp"

#include <doctest/doctest.h>

using namespace upstart::protocol;

namespace {

std::string bridge_of(const std::string& event) {
  auto place = bridge_of_event(event);
  return place ? bridges.at(*place).name : "";
}

} // namespace

TEST_CASE("each event of a bridge is found by its name, and others are of no bridge") {
  CHECK(bridge_of("socket") == "socket-bridge");
  CHECK(bridge_of("file") == "file-bridge");
  CHECK(bridge_of("net-device-added") == "udev-bridge");
  CHECK(bridge_of("pci-device-unbound") == "udev-bridge");
  CHECK(bridge_of("net-device-up").empty());
  CHECK(bridge_of("dbus") == "dbus-bridge");
  CHECK(bridge_of(":sys:runlevel") == "event-bridge");
  CHECK(bridge_of("timer") == "timer-bridge");
  CHECK(bridge_of("started").empty());
  CHECK(bridge_of("sockets").empty());
  CHECK(bridge_of_name("timer-bridge") == 5);
  CHECK_FALSE(bridge_of_name("local-bridge"));
}

TEST_CASE("the master of a socket is beside it") {
  CHECK(socket_master_address("unix:/run/a.sock") == "unix:path=/run/a.sock.master");
  CHECK(socket_master_address("abstract:a") == "unix:abstract=a.master");
  CHECK(socket_master_address("inet:0.0.0.0:80") ==
        "unix:abstract=/com/ubuntu/upstart/socket-master/inet_3a0_2e0_2e0_2e0_3a80");
  CHECK(socket_master_bus_name("unix:/a") == "com.ubuntu.Upstart.SocketMaster.munix_3a_2fa");
}
