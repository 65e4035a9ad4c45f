#include "protocol/bridges.hpp"

#include "protocol/event-pattern.hpp"

#include <algorithm>

namespace upstart::protocol {

namespace {

std::optional<std::size_t> place_of(auto fits) {
  auto found = std::ranges::find_if(bridges, fits);
  if (found == bridges.end()) return std::nullopt;
  return static_cast<std::size_t>(found - bridges.begin());
}

} // namespace

std::optional<std::size_t> bridge_of_event(const std::string& event) {
  return place_of([&](const BridgeEntry& bridge) { return event_fits(bridge.event, event); });
}

std::optional<std::size_t> bridge_of_name(std::string_view name) {
  return place_of([&](const BridgeEntry& bridge) { return bridge.name == name; });
}

} // namespace upstart::protocol
