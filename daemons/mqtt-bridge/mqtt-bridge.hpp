// The bridge: reads fleet.conf, and is a member of that fleet. Where the file is missing or wrong it says so to whoever
// asks, for which it knows the jobs that wait for other nodes. When the file changes this process ends, and init starts
// the next one, which reads it.
#pragma once

#include "daemons/base/path-watch.hpp"
#include "daemons/bridge/bridge.hpp"
#include "daemons/mqtt-bridge/fleet/fleet.hpp"
#include "daemons/mqtt-bridge/places.hpp"

#include <set>

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
  void note_jobs(const bridge::ConditionsUpdate& update);

  bridge::ConditionWarnings& warnings_;
  std::string path_, state_directory_;
  std::string text_; // of fleet.conf, as it was read
  std::string problem_ = "this node is not a member of a fleet";
  std::chrono::system_clock::time_point since_ = std::chrono::system_clock::now();
  std::unique_ptr<Fleet> fleet_;
  std::set<std::string> waiting_jobs_; // for other nodes, while there is no fleet
  base::PathWatch watch_;
};

} // namespace upstart::mqtt_bridge
