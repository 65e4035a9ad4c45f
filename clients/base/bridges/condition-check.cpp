#include "clients/base/bridges/condition-check.hpp"

#include "daemons/dbus-bridge/conditions/dbus-condition.hpp"
#include "daemons/event-bridge/conditions/system-event.hpp"
#include "daemons/file-bridge/conditions/file-condition.hpp"
#ifdef UPSTART_MQTT
#include "daemons/mqtt-bridge/conditions/node-condition.hpp"
#endif
#include "daemons/socket-bridge/conditions/socket-condition.hpp"
#include "daemons/timer-bridge/conditions/timer-condition.hpp"
#include "daemons/udev-bridge/conditions/device-condition.hpp"
#include "protocol/bridges.hpp"

#include <algorithm>
#include <array>
#include <format>

namespace upstart::client {

namespace {

using Fault = std::optional<bridge::ConditionFault>;

Fault check_socket(const ConditionInJob& condition) {
  if (socket_bridge::is_of_master(condition.arguments)) return {};
  auto parsed = socket_bridge::parse_condition(condition.arguments);
  return parsed ? Fault{} : parsed.error();
}

// Whether the job is one of a session, where a path may begin at home, is not known here.
Fault check_file(const ConditionInJob& condition) {
  auto parsed = file_bridge::parse_condition(condition.arguments, "/");
  return parsed ? Fault{} : parsed.error();
}

Fault check_dbus(const ConditionInJob& condition) {
  auto parsed = dbus_bridge::parse_condition(condition.arguments);
  return parsed ? Fault{} : parsed.error();
}

Fault check_system_event(const ConditionInJob& condition) {
  auto parsed = event_bridge::parse_condition(condition.event);
  return parsed ? Fault{} : parsed.error();
}

// An event such as net-device-up is somebody else's.
Fault check_device(const ConditionInJob& condition) {
  auto event = udev_bridge::device_event_of(condition.event);
  if (!event) return {};
  auto parsed = udev_bridge::parse_condition(*event, condition.arguments);
  return parsed ? Fault{} : parsed.error();
}

Fault check_timer(const ConditionInJob& condition) {
  auto parsed = timer_bridge::parse_condition(condition.arguments);
  return parsed ? Fault{} : parsed.error();
}

#ifdef UPSTART_MQTT
Fault check_node(const ConditionInJob& condition) {
  auto parsed = mqtt_bridge::parse_node_condition(condition.event, condition.arguments);
  return parsed ? Fault{} : parsed.error();
}
#endif

struct Checker {
  std::string_view bridge; // as protocol/bridges.hpp has it
  const char* lint;
  const char* what;
  Fault (*check)(const ConditionInJob&);
};

constexpr std::array checkers{
    Checker{"dbus-bridge", "dbus-condition", "this signal", check_dbus},
    Checker{"event-bridge", "system-event-condition", "this event of the system", check_system_event},
    Checker{"file-bridge", "file-condition", "this file", check_file},
#ifdef UPSTART_MQTT
    Checker{"mqtt-bridge", "node-condition", "this event of a node", check_node},
#endif
    Checker{"socket-bridge", "socket-condition", "this socket", check_socket},
    Checker{"timer-bridge", "timer-condition", "this timer", check_timer},
    Checker{"udev-bridge", "device-condition", "this device", check_device},
};

} // namespace

std::string UnservedCondition::text() const {
  return std::format("{} does not serve {}: {}{}{}", program, what, fault.variable, fault.variable.empty() ? "" : ": ",
                     fault.message);
}

std::optional<UnservedCondition> check_condition(const ConditionInJob& condition) {
  auto place = protocol::bridge_of_event(condition.event);
  if (!place) return std::nullopt;
  const auto* bridge = protocol::bridges.at(*place).name;
  auto checker = std::ranges::find(checkers, bridge, &Checker::bridge);
  if (checker == checkers.end()) return std::nullopt;
  auto fault = checker->check(condition);
  if (!fault) return std::nullopt;
  return UnservedCondition{std::string{"upstart-"} + bridge, checker->lint, checker->what, std::move(*fault)};
}

} // namespace upstart::client
