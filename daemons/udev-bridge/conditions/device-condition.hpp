// One match of a device event in a job's expression, understood: SUBSYSTEM-device-ACTION and what it asks of the
// event's first variables, which are known beforehand. Pure.
#pragma once

#include "daemons/bridge/conditions/job-conditions.hpp"

#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace upstart::udev_bridge {

// The events of all devices, as a pattern.
inline constexpr const char* event_names = "*-device-*";

// The past of an action, as events are called: add is "added". One that is not known stands for itself.
[[nodiscard]] std::string past_of(std::string_view action);
[[nodiscard]] std::string event_name(std::string_view subsystem, std::string_view action);

struct DeviceEvent {
  std::string subsystem;
  std::string action; // as the kernel says it: "add"
  friend bool operator==(const DeviceEvent&, const DeviceEvent&) = default;
};
// Nothing where it is the name of no event that udev makes, but of one that somebody else emits ("net-device-up").
[[nodiscard]] std::optional<DeviceEvent> device_event_of(std::string_view name);

// What is wrong with the arguments that follow the event's name, if no event of a device can match them. Other
// arguments are taken as they are: the properties of devices are theirs.
[[nodiscard]] std::expected<DeviceEvent, bridge::ConditionFault>
parse_condition(const DeviceEvent& event, std::span<const std::string> arguments);

} // namespace upstart::udev_bridge
