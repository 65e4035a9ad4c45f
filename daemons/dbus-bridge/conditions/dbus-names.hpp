// What D-Bus takes for a name, and what a text could be the value of. Pure.
#pragma once

#include <string_view>

namespace upstart::dbus_bridge {

[[nodiscard]] bool is_member_name(std::string_view text);    // NameOwnerChanged
[[nodiscard]] bool is_interface_name(std::string_view text); // org.freedesktop.DBus
[[nodiscard]] bool is_bus_name(std::string_view text);       // org.freedesktop.DBus, :1.5
[[nodiscard]] bool is_object_path(std::string_view text);    // /org/freedesktop/DBus
// The value of a string argument only: no number, truth value, path or signature looks like that.
[[nodiscard]] bool is_text_only(std::string_view value);
// The number of ARGn; negative where it is none.
[[nodiscard]] int argument_number(std::string_view variable);

} // namespace upstart::dbus_bridge
