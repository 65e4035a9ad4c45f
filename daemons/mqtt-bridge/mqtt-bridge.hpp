// The bridge: reads fleet.conf, and is a member of that fleet. Where the file is missing or wrong it says so to whoever
// asks, and waits for a right one.
#pragma once

#include "daemons/bridge/bridge.hpp"
#include "daemons/mqtt-bridge/fleet/fleet.hpp"
#include "daemons/mqtt-bridge/places.hpp"

namespace upstart::mqtt_bridge {

struct Options {
  std::string configuration;   // path of fleet.conf; empty: where this Upstart has it
  std::string state_directory; // empty: where this Upstart has it
};

class MqttBridge final : public bridge::Bridge {
public:
  MqttBridge(const bridge::Services& services, const Options& options);

  // The events whose conditions this bridge must know: no two of these fit one name.
  [[nodiscard]] std::vector<std::string> events() const;

  void jobs_changed(const bridge::ConditionsUpdate& update) override;
  [[nodiscard]] std::vector<bridge::Watch> watches() const override;

private:
  void begin(const bridge::Services& services);
  void cannot(std::string why);
  void configuration_changed(base::EventLoop& loop);

  std::string path_, state_directory_;
  std::string text_; // of fleet.conf, as it was read
  std::string problem_ = "this node is not a member of a fleet";
  std::chrono::system_clock::time_point since_ = std::chrono::system_clock::now();
  std::unique_ptr<Fleet> fleet_;
  FileWatch watch_;
};

} // namespace upstart::mqtt_bridge
