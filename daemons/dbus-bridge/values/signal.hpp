// A D-Bus signal as the bridge sees it, and what makes an event of it. Pure.
#pragma once

#include "protocol/environment.hpp"

#include <optional>
#include <string>
#include <vector>

namespace upstart::dbus_bridge {

enum class Bus { system, session };
[[nodiscard]] constexpr const char* name_of(Bus bus) { return bus == Bus::system ? "system" : "session"; }

struct Signal {
  std::string member;
  std::string interface;
  std::string path;
  std::string sender;      // the unique name of the connection, or org.freedesktop.DBus
  std::string destination; // empty: to all
  // As text; nothing for one that is no basic type.
  std::vector<std::optional<std::string>> arguments;
};

// Upstart's own signals make no events: those that follow from an event would follow from it without end.
[[nodiscard]] bool is_of_upstart(std::string_view interface, std::string_view path);

// [BUS] SIGNAL INTERFACE OBJPATH SENDER [DESTINATION] ARG0 … ARGn. `bus` may be empty.
[[nodiscard]] protocol::Environment environment_of(const Signal& signal, std::string_view bus, std::string_view sender);

} // namespace upstart::dbus_bridge
