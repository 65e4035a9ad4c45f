#include "daemons/udev-bridge/conditions/device-condition.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace upstart::udev_bridge;
using Words = std::vector<std::string>;

namespace {

const DeviceEvent drm_added{.subsystem = "drm", .action = "add"};

// "VARIABLE: MESSAGE"; empty where there is none.
std::string fault(const Words& words) {
  auto parsed = parse_condition(drm_added, words);
  return parsed ? "" : parsed.error().variable + ": " + parsed.error().message;
}

} // namespace

TEST_CASE("events are called after the subsystem and the past of the action") {
  CHECK(event_name("net", "add") == "net-device-added");
  CHECK(event_name("block", "change") == "block-device-changed");
  CHECK(event_name("usb", "remove") == "usb-device-removed");
  CHECK(event_name("net", "move") == "net-device-moved");
  CHECK(event_name("cpu", "online") == "cpu-device-onlined");
  CHECK(event_name("cpu", "offline") == "cpu-device-offlined");
  CHECK(event_name("usb", "bind") == "usb-device-bound");
  CHECK(event_name("usb", "unbind") == "usb-device-unbound");
  CHECK(event_name("x", "other") == "x-device-other");
}

TEST_CASE("the name of an event says the subsystem and the action, unless somebody else emits it") {
  CHECK(device_event_of("net-device-added") == DeviceEvent{"net", "add"});
  CHECK(device_event_of("a-device-b-device-removed") == DeviceEvent{"a-device-b", "remove"});
  CHECK(device_event_of("net-device-up") == std::nullopt); // of ifupdown
  CHECK(device_event_of("-device-added") == std::nullopt);
  CHECK(device_event_of("startup") == std::nullopt);
}

TEST_CASE("properties, patterns, exclusions and references are taken as they are") {
  for (const auto& words : {Words{}, Words{"ID_FS_USAGE=crypto"}, Words{"drm", "add", "card*"}, Words{"KERNEL!=card0"},
                            Words{"DEVPATH=*/card0"}, Words{"DEVNAME=$NODE"}, Words{"SUBSYSTEM=d*", "ACTION!=remove"}})
    CHECK(fault(words).empty());
}

TEST_CASE("what no event of the device can have is refused, with its variable and what would be right") {
  CHECK(fault({"card0", "PRIMARY_DEVICE_FOR_DISPLAY=1"}) ==
        "card0: a value without a variable at this place is compared with SUBSYSTEM, which is drm in this event; write "
        "KERNEL=card0 if the name of the device is meant");
  CHECK(fault({"SUBSYSTEM=net"}) == "SUBSYSTEM: it is drm in every such event, which net does not match");
  CHECK(fault({"ACTION=added"}) == "ACTION: it is add in every such event, which added does not match");
  CHECK(fault({"ACTION!=a*"}) == "ACTION: it is add in every such event, which !=a* does not match");
  CHECK(fault({"DEVPATH=/sys/class/drm"}).starts_with("DEVPATH: /sys/class/drm is no path below /sys"));
  CHECK(fault({"DEVNAME=dri/card0"}) == "DEVNAME: dri/card0 is not the whole path of a device node, such as /dev/sda");
  CHECK(fault({"KERNEL=/dev/dri/card0"}).starts_with("KERNEL: /dev/dri/card0 is not the name of a device"));
}
