#include "daemons/udev-bridge/devices/udev-monitor.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

namespace upstart::udev_bridge {

namespace {

constexpr const char* control_of_udev = "/run/udev/control";
constexpr int receive_buffer = 16 * 1024 * 1024; // bytes; a burst of some ten thousand messages
constexpr int messages_of_a_turn = 256;

std::string text(const char* value) { return value == nullptr ? "" : value; }

// The inode of its directory: the kernel gives another one to another device.
std::uint64_t identity_of(const char* path) {
  struct stat status{};
  return path != nullptr && ::stat(path, &status) == 0 ? status.st_ino : 0;
}

std::unexpected<std::string> failure(const char* what, int error) {
  return std::unexpected{std::string{what} + ": " + std::strerror(error)};
}

} // namespace

UdevMonitor::UdevMonitor(base::EventLoop& loop, Group group, Events events)
    : loop_{loop}, group_{group}, events_{std::move(events)}, context_{udev_new()} {}

std::expected<void, std::string> UdevMonitor::listen_for(const std::set<std::string>& subsystems) {
  if (subsystems == subsystems_ && (monitor_ || subsystems.empty())) return {};
  subsystems_ = subsystems;
  if (subsystems_.empty()) {
    watcher_.reset();
    monitor_.reset();
    udev_comes_.reset();
    waits_for_udev_ = false;
    return {};
  }
  if (!monitor_) return open();
  udev_monitor_filter_remove(monitor_.get());
  for (const auto& subsystem : subsystems_)
    udev_monitor_filter_add_match_subsystem_devtype(monitor_.get(), subsystem.c_str(), nullptr);
  int error = udev_monitor_filter_update(monitor_.get());
  if (error < 0) return failure("the subsystems cannot be chosen", -error);
  return {};
}

std::expected<void, std::string> UdevMonitor::open() {
  watcher_.reset();
  watch_for_udev();
  monitor_.reset(udev_monitor_new_from_netlink(context_.get(), group_ == Group::udev ? "udev" : "kernel"));
  if (!monitor_) return failure("no netlink socket", errno);
  for (const auto& subsystem : subsystems_)
    udev_monitor_filter_add_match_subsystem_devtype(monitor_.get(), subsystem.c_str(), nullptr);
  udev_monitor_set_receive_buffer_size(monitor_.get(), receive_buffer); // as far as it is permitted
  if (int error = udev_monitor_enable_receiving(monitor_.get()); error < 0) {
    monitor_.reset();
    return failure("the netlink socket cannot be bound", -error);
  }
  watcher_ =
      std::make_unique<base::FdWatcher>(loop_, udev_monitor_get_fd(monitor_.get()), [this](unsigned) { receive(); });
  watcher_->watch(base::FdWatcher::readable);
  return {};
}

// libudev's monitor hears nothing, for good, where udev does not run yet when it is made.
void UdevMonitor::watch_for_udev() {
  waits_for_udev_ = group_ == Group::udev && ::access(control_of_udev, F_OK) != 0;
  if (!waits_for_udev_) return;
  udev_comes_ = std::make_unique<base::PathWatch>(loop_, control_of_udev, [this] {
    if (::access(control_of_udev, F_OK) != 0) return;
    loop_.defer([this] {
      udev_comes_.reset();
      if (!open()) return;
      events_.messages_lost();
      events_.turn_over();
    });
  });
}

void UdevMonitor::receive() {
  for (int i = 0; i < messages_of_a_turn; ++i) {
    errno = 0;
    DevicePointer device{udev_monitor_receive_device(monitor_.get())};
    if (device) {
      events_.message(message_of(device.get()));
      continue;
    }
    if (errno == ENOBUFS) events_.messages_lost();
    if (errno != EINTR) break;
  }
  events_.turn_over();
}

std::vector<Device> UdevMonitor::devices_of(const std::set<std::string>& subsystems) const {
  std::vector<Device> devices;
  Enumeration enumeration{udev_enumerate_new(context_.get())};
  for (const auto& subsystem : subsystems) udev_enumerate_add_match_subsystem(enumeration.get(), subsystem.c_str());
  if (group_ == Group::udev) udev_enumerate_add_match_is_initialized(enumeration.get());
  udev_enumerate_scan_devices(enumeration.get());
  for (auto* entry = udev_enumerate_get_list_entry(enumeration.get()); entry != nullptr;
       entry = udev_list_entry_get_next(entry)) {
    DevicePointer device{udev_device_new_from_syspath(context_.get(), udev_list_entry_get_name(entry))};
    if (device) devices.push_back(device_of(device.get()));
  }
  return devices;
}

std::uint64_t UdevMonitor::last_message() {
  std::uint64_t number = 0;
  std::ifstream{"/sys/kernel/uevent_seqnum"} >> number;
  return number;
}

Device UdevMonitor::device_of(udev_device* device) {
  Device result{.path = text(udev_device_get_devpath(device)),
                .subsystem = text(udev_device_get_subsystem(device)),
                .kernel = text(udev_device_get_sysname(device)),
                .node = text(udev_device_get_devnode(device)),
                .identity = identity_of(udev_device_get_syspath(device))};
  std::vector<std::string> properties;
  for (auto* entry = udev_device_get_properties_list_entry(device); entry != nullptr;
       entry = udev_list_entry_get_next(entry))
    properties.push_back(text(udev_list_entry_get_name(entry)) + "=" + text(udev_list_entry_get_value(entry)));
  result.properties = protocol::Environment{properties};
  return result;
}

DeviceMessage UdevMonitor::message_of(udev_device* device) {
  return {.device = device_of(device),
          .action = text(udev_device_get_action(device)),
          .number = udev_device_get_seqnum(device),
          .former_path = text(udev_device_get_property_value(device, "DEVPATH_OLD"))};
}

} // namespace upstart::udev_bridge
