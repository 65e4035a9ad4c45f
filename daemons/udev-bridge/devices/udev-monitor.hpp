// libudev on the event loop: what happens to the devices of some subsystems, and which devices there are. The kernel
// drops messages about other subsystems of the group `udev` before they wake this process.
#pragma once

#include "daemons/base/event-loop.hpp"
#include "daemons/base/path-watch.hpp"
#include "daemons/udev-bridge/core/device.hpp"

#include <libudev.h>

#include <expected>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace upstart::udev_bridge {

// Whose messages: udev's, after its rules ran, or the kernel's.
enum class Group { udev, kernel };

class UdevMonitor {
public:
  struct Events {
    std::function<void(const DeviceMessage&)> message;
    std::function<void()> messages_lost; // the kernel's queue was full, or udev has just come
    std::function<void()> turn_over;     // after the messages of one turn
  };

  UdevMonitor(base::EventLoop& loop, Group group, Events events);
  UdevMonitor(const UdevMonitor&) = delete;
  UdevMonitor& operator=(const UdevMonitor&) = delete;
  ~UdevMonitor() = default;

  // From now on messages about these subsystems come, and no others; none: the socket is closed. The error says why
  // none come.
  std::expected<void, std::string> listen_for(const std::set<std::string>& subsystems);
  // All devices of these subsystems that udev is done with, or in the group `kernel` all.
  [[nodiscard]] std::vector<Device> devices_of(const std::set<std::string>& subsystems) const;
  // The number of the last message of the kernel; 0 where it does not tell.
  [[nodiscard]] static std::uint64_t last_message();
  // udev does not run: nothing comes in its group until it does.
  [[nodiscard]] bool waits_for_udev() const { return waits_for_udev_; }

private:
  template <auto Unref> struct Release {
    template <typename T> void operator()(T* object) const { Unref(object); }
  };
  using Context = std::unique_ptr<udev, Release<udev_unref>>;
  using Monitor = std::unique_ptr<udev_monitor, Release<udev_monitor_unref>>;
  using DevicePointer = std::unique_ptr<udev_device, Release<udev_device_unref>>;
  using Enumeration = std::unique_ptr<udev_enumerate, Release<udev_enumerate_unref>>;

  [[nodiscard]] static Device device_of(udev_device* device);
  [[nodiscard]] static DeviceMessage message_of(udev_device* device);
  std::expected<void, std::string> open();
  void receive();
  void watch_for_udev();

  base::EventLoop& loop_;
  Group group_;
  Events events_;
  Context context_;
  std::set<std::string> subsystems_;
  bool waits_for_udev_ = false;
  std::unique_ptr<base::PathWatch> udev_comes_;
  Monitor monitor_;
  std::unique_ptr<base::FdWatcher> watcher_; // of the monitor's descriptor
};

} // namespace upstart::udev_bridge
