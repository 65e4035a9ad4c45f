// A device as the bridge knows it, and the environment of its events. Pure.
#pragma once

#include "protocol/environment.hpp"

#include <cstdint>
#include <string>

namespace upstart::udev_bridge {

struct Device {
  std::string path; // DEVPATH: below /sys
  std::string subsystem;
  std::string kernel; // its name
  std::string node;   // DEVNAME; empty: none
  // Of this life of the device: another one that comes at the same path later has another number.
  std::uint64_t identity = 0;
  protocol::Environment properties{}; // all that udev says of it
  friend bool operator==(const Device&, const Device&) = default;
};

// What the kernel, or udev, says has happened.
struct DeviceMessage {
  Device device;
  std::string action;        // "add"
  std::uint64_t number = 0;  // of the kernel's message; they only grow
  std::string former_path{}; // DEVPATH_OLD of a move; else empty
};

enum class Strip { unprintable, nothing };

// SUBSYSTEM ACTION KERNEL DEVPATH [DEVNAME], then the other properties.
[[nodiscard]] protocol::Environment environment_of(const Device& device, std::string_view action, Strip strip);

} // namespace upstart::udev_bridge
