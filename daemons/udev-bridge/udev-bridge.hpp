// The bridge: gives the device table the conditions of jobs and what libudev tells, writes down what changes, and
// emits.
#pragma once

#include "daemons/bridge/bridge.hpp"
#include "daemons/bridge/event-journal.hpp"
#include "daemons/udev-bridge/core/device-table.hpp"
#include "daemons/udev-bridge/devices/udev-monitor.hpp"

#include <chrono>

namespace upstart::udev_bridge {

struct Options {
  bool no_coldplug = false;
  bool no_strip = false;
  Group group = Group::udev;
};

class UdevBridge final : public bridge::Bridge {
public:
  UdevBridge(bridge::Services services, const Options& options);

  void jobs_changed(const bridge::ConditionsUpdate& update) override;
  [[nodiscard]] std::vector<bridge::Watch> watches() const override;

private:
  void search();

  bridge::ConditionWarnings& warnings_;
  bridge::EventJournal memory_;
  DeviceTable table_;
  std::string fault_;                                                  // why no messages come; empty: they do
  std::map<std::string, std::chrono::system_clock::time_point> since_; // by event
  UdevMonitor monitor_;
};

} // namespace upstart::udev_bridge
