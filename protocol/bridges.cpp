#include "protocol/bridges.hpp"

#include "protocol/event-pattern.hpp"
#include "protocol/names.hpp"

#include <algorithm>

namespace upstart::protocol {

namespace {

std::optional<std::size_t> place_of(auto fits) {
  auto found = std::ranges::find_if(bridges, fits);
  if (found == bridges.end()) return std::nullopt;
  return static_cast<std::size_t>(found - bridges.begin());
}

// What happens to a device is told in the past (added, changed, unbound); net-device-up and the like come from
// elsewhere. A node comes and goes, nothing else.
bool is_of_somebody_else(const BridgeEntry& bridge, std::string_view event) {
  if (bridge.name == std::string_view{"mqtt-bridge"}) return event != "node-up" && event != "node-down";
  return bridge.name == std::string_view{"udev-bridge"} && !event.ends_with("ed") && !event.ends_with("bound");
}

// Asked for each condition of each job: most are told by their first letter (no pattern begins with another wildcard),
// and no text is copied for a bridge whose event it cannot be.
bool is_of(const BridgeEntry& bridge, const std::string& event) {
  std::string_view pattern{bridge.event};
  if (pattern[0] != '*' && !event.starts_with(pattern[0])) return false;
  if (pattern != event && !is_event_pattern(pattern)) return false;
  return !is_of_somebody_else(bridge, event) && event_fits(bridge.event, event);
}

} // namespace

std::optional<std::size_t> bridge_of_event(const std::string& event) {
  return place_of([&](const BridgeEntry& bridge) { return is_of(bridge, event); });
}

std::optional<std::size_t> bridge_of_name(std::string_view name) {
  return place_of([&](const BridgeEntry& bridge) { return bridge.name == name; });
}

bool account_has_bridge(std::string_view name) {
  auto place = bridge_of_name(name);
  return place && !bridges.at(*place).needs_root;
}

bool account_may_emit(const std::string& event) {
  auto place = bridge_of_event(event);
  return place && !bridges.at(*place).needs_root;
}

bool is_no_pattern(std::string_view event, std::string_view variable) {
  return event == "timer" && (variable == "CRON" || variable == "AT");
}

std::string fleet_configuration_path(const std::optional<std::string>& home, std::string_view config_home) {
  if (!home) return "/etc/upstart/fleet.conf";
  auto directory = config_home.starts_with('/') ? std::string{config_home} : *home + "/.config";
  return directory + "/upstart/fleet.conf";
}

std::string socket_master_bus_name(std::string_view socket) {
  return "com.ubuntu.Upstart.SocketMaster.m" + path_element(socket);
}

std::string socket_master_address(std::string_view socket) {
  constexpr std::string_view file = "unix:", abstract = "abstract:";
  if (socket.starts_with(file)) return "unix:path=" + std::string{socket.substr(file.size())} + ".master";
  if (socket.starts_with(abstract)) return "unix:abstract=" + std::string{socket.substr(abstract.size())} + ".master";
  return "unix:abstract=/com/ubuntu/upstart/socket-master/" + path_element(socket);
}

} // namespace upstart::protocol
