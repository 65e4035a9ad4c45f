// What fleet.conf says: which broker, which fleet, what may leave this machine and what may come in. Pure: the text is
// given, and files that it names are not looked at. The bridge reads it, and init-checkconf checks it with the same
// code.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace upstart::mqtt_bridge {

struct FleetConfiguration {
  std::string host; // of the broker
  std::uint16_t port = 8883;
  std::string fleet, node;
  std::string ca; // file with the authorities that the broker's certificate may be of; empty: the system's
  std::string certificate, key; // files of this node's own; both or none
  std::string username, password_file;
  std::vector<std::string> publish; // patterns of events that leave this machine
  std::vector<std::string> accept;  // patterns of events of other nodes that become events here
  std::vector<std::string> allow{"list", "status", "explain"}; // commands of other nodes that are executed here
  std::uint64_t queue = 64U << 20U;                            // bytes kept on disk while the broker is away

  // "mqtts://host:8883"
  [[nodiscard]] std::string broker() const;
  [[nodiscard]] bool publishes(const std::string& event) const;
  [[nodiscard]] bool accepts(const std::string& event) const;
  [[nodiscard]] bool allows(std::string_view command) const;
  friend bool operator==(const FleetConfiguration&, const FleetConfiguration&) = default;
};

struct ConfigurationFault {
  unsigned line = 0; // from 1; 0: what is missing stands nowhere
  std::string message;
  friend bool operator==(const ConfigurationFault&, const ConfigurationFault&) = default;
};
// "FILE:LINE: MESSAGE".
[[nodiscard]] std::string describe(const ConfigurationFault& fault, std::string_view file);

// `host_name` is the node's name where the text gives none. All faults, in the order of the lines.
[[nodiscard]] std::expected<FleetConfiguration, std::vector<ConfigurationFault>>
parse_configuration(std::string_view text, const std::string& host_name);

// The commands that `allow` can name.
[[nodiscard]] const std::vector<std::string_view>& remote_commands();

// Whether this can be the name of a node or a fleet: one level of a topic.
[[nodiscard]] bool is_node_name(std::string_view name);

} // namespace upstart::mqtt_bridge
