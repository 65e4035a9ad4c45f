#include "daemons/event-broker/shell/permissions.hpp"

#include <doctest/doctest.h>

using upstart::base::Caller;
using namespace upstart::broker;

namespace {

constexpr Caller root{.uid = 0, .pid = 1}, own{.uid = 1000, .pid = 2}, bridge{.uid = 101, .pid = 3},
    other{.uid = 1001, .pid = 4};

} // namespace

TEST_CASE("root and the broker's own user may do everything, others nothing") {
  Permissions permissions{1000, 101};
  for (const auto& caller : {root, own})
    for (bool on_own_socket : {true, false}) {
      CHECK(permissions.everything(caller));
      CHECK(permissions.emit(caller, on_own_socket, "runlevel"));
      CHECK(permissions.attach_as(caller, on_own_socket, "job-supervisor"));
      CHECK(permissions.handle(caller, on_own_socket));
    }
  for (bool on_own_socket : {true, false}) {
    CHECK_FALSE(permissions.everything(other));
    CHECK_FALSE(permissions.emit(other, on_own_socket, "timer"));
    CHECK_FALSE(permissions.attach_as(other, on_own_socket, "timer-bridge"));
    CHECK_FALSE(permissions.handle(other, on_own_socket));
    CHECK_FALSE(permissions.whole_history(other, on_own_socket));
  }
}

TEST_CASE("the user of bridges may emit the events of those that need no root, and attach as one of them") {
  Permissions permissions{0, 101};
  CHECK_FALSE(permissions.everything(bridge));
  CHECK(permissions.emit(bridge, true, "timer"));
  CHECK(permissions.emit(bridge, true, "dbus"));
  for (const auto* event : {"socket", "file", "startup", "runlevel", "net-device-added", "started", "timer/failed", ""})
    CHECK_FALSE(permissions.emit(bridge, true, event));
  CHECK(permissions.attach_as(bridge, true, "timer-bridge"));
  CHECK_FALSE(permissions.attach_as(bridge, true, "job-supervisor"));
  CHECK_FALSE(permissions.attach_as(bridge, true, "socket-bridge"));
  CHECK(permissions.handle(bridge, true));
}

TEST_CASE("over a bus, or where no such user was named, the user of bridges is anybody") {
  CHECK_FALSE(Permissions(0, 101).emit(bridge, false, "timer"));
  CHECK_FALSE(Permissions(0, 101).attach_as(bridge, false, "timer-bridge"));
  CHECK_FALSE(Permissions(0, std::nullopt).emit(bridge, true, "timer"));
  CHECK_FALSE(Permissions(0, std::nullopt).handle(bridge, true));
}
