#include "daemons/udev-bridge/core/device.hpp"

#include <algorithm>
#include <array>
#include <format>
#include <vector>

namespace upstart::udev_bridge {

namespace {

constexpr std::array<std::string_view, 5> first{"SUBSYSTEM", "ACTION", "KERNEL", "DEVPATH", "DEVNAME"};

constexpr bool is_unprintable(char c) { return c < ' ' || c > '~'; } // also a byte above 127

} // namespace

protocol::Environment environment_of(const Device& device, std::string_view action, Strip strip) {
  std::vector<std::string> strings;
  auto add = [&](std::string_view key, std::string_view value) {
    auto string = std::format("{}={}", key, value);
    if (strip == Strip::unprintable) std::erase_if(string, is_unprintable);
    strings.push_back(std::move(string));
  };
  add("SUBSYSTEM", device.subsystem);
  add("ACTION", action);
  add("KERNEL", device.kernel);
  add("DEVPATH", device.path);
  if (!device.node.empty()) add("DEVNAME", device.node);
  for (const auto& property : device.properties.strings())
    if (auto key = protocol::key_of(property); !std::ranges::contains(first, key))
      add(key, protocol::value_of(property));
  return protocol::Environment{strings};
}

} // namespace upstart::udev_bridge
