#include "protocol/socket-master-names.hpp"

#include <doctest/doctest.h>

using namespace upstart::protocol;

TEST_CASE("the master of a socket is beside it") {
  CHECK(socket_master_address("unix:/run/a.sock") == "unix:path=/run/a.sock.master");
  CHECK(socket_master_address("abstract:a") == "unix:abstract=a.master");
  CHECK(socket_master_address("inet:0.0.0.0:80") ==
        "unix:abstract=/com/ubuntu/upstart/socket-master/inet_3a0_2e0_2e0_2e0_3a80");
  CHECK(socket_master_bus_name("unix:/a") == "com.ubuntu.Upstart.SocketMaster.munix_3a_2fa");
}
