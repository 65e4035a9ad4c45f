#include "daemons/dbus-bridge/values/signal.hpp"

#include "protocol/names.hpp"

#include <format>

namespace upstart::dbus_bridge {

bool is_of_upstart(std::string_view interface, std::string_view path) {
  constexpr std::string_view root = protocol::path::manager;
  bool below = path.starts_with(root) && (path.size() == root.size() || path[root.size()] == '/');
  return below || interface.starts_with(protocol::bus_name::upstart);
}

protocol::Environment environment_of(const Signal& signal, std::string_view bus, std::string_view sender) {
  std::vector<std::string> strings;
  auto add = [&](std::string_view key, std::string_view value) { strings.push_back(std::format("{}={}", key, value)); };
  if (!bus.empty()) add("BUS", bus);
  add("SIGNAL", signal.member);
  add("INTERFACE", signal.interface);
  add("OBJPATH", signal.path);
  add("SENDER", sender);
  if (!signal.destination.empty()) add("DESTINATION", signal.destination);
  for (std::size_t i = 0; i < signal.arguments.size(); ++i)
    if (signal.arguments[i]) strings.push_back(std::format("ARG{}={}", i, *signal.arguments[i]));
  return protocol::Environment{strings};
}

} // namespace upstart::dbus_bridge
