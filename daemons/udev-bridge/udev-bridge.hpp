// The bridge: gives the device table the conditions of jobs and what libudev tells, writes down what changes, and
// emits.
#pragma once

#include "daemons/base/files/record-store.hpp"
#include "daemons/bridge/bridge.hpp"
#include "daemons/udev-bridge/core/device-table.hpp"
#include "daemons/udev-bridge/devices/udev-monitor.hpp"

#include <chrono>
#include <optional>

namespace upstart::udev_bridge {

struct Options {
  bool no_coldplug = false;
  bool no_strip = false;
  Group group = Group::udev;
};

class UdevBridge final : public bridge::Bridge {
public:
  UdevBridge(bridge::Services services, const Options& options);
  UdevBridge(const UdevBridge&) = delete;
  UdevBridge& operator=(const UdevBridge&) = delete;
  ~UdevBridge() override;

  void jobs_changed(const bridge::ConditionsUpdate& update) override;
  [[nodiscard]] std::vector<bridge::Watch> watches() const override;

private:
  void restore();
  void search();
  void write_and_emit();
  void write();
  void write_later();

  bridge::Services services_;
  DeviceTable table_;
  std::optional<base::RecordStore> store_;
  bool could_write_ = true;
  bool write_is_due_ = false;
  std::string fault_;                                                  // why no messages come; empty: they do
  std::map<std::string, std::chrono::system_clock::time_point> since_; // by event
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  UdevMonitor monitor_;
};

} // namespace upstart::udev_bridge
