// The bridges of Upstart, and which events each of them emits: what init starts when a loaded job asks for one, and
// what clients say of an event that only a bridge emits. (upstart-local-bridge is not here: it emits events of any
// name, and is started by a job or by hand.)
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace upstart::protocol {

struct BridgeEntry {
  const char* name;       // of its socket, and of its program, upstart-NAME
  const char* event;      // that it emits: a name or a pattern (event-pattern.hpp); no event fits two of them
  bool needs_root = true; // on a system; else it runs as `bridge_account` there
};

inline constexpr const char* socket_bridge = "socket-bridge";

inline constexpr std::array bridges{
    BridgeEntry{socket_bridge, "socket"},     BridgeEntry{"file-bridge", "file"},
    BridgeEntry{"udev-bridge", "*-device-*"}, BridgeEntry{"dbus-bridge", "dbus", false},
    BridgeEntry{"event-bridge", ":sys:*"},    BridgeEntry{"timer-bridge", "timer", false},
    BridgeEntry{"mqtt-bridge", "node-*"}, // and those of other machines: init starts it where there is a fleet.conf
};

// The account of a system's bridges that need no root. Where there is none, they run as root.
inline constexpr const char* bridge_account = "upstart-bridge";
// Whether that account has this bridge, or the one that emits this event: what it may attach as, and emit.
[[nodiscard]] bool account_has_bridge(std::string_view name);
[[nodiscard]] bool account_may_emit(const std::string& event);

// The place in `bridges` of the one that emits this event; nothing where none does.
[[nodiscard]] std::optional<std::size_t> bridge_of_event(const std::string& event);
// The place of the one of this name.
[[nodiscard]] std::optional<std::size_t> bridge_of_name(std::string_view name);

// Whether a condition's value for this variable of the event is compared as it is, though it may look like a pattern:
// the notations of times have stars and brackets of their own.
[[nodiscard]] bool is_no_pattern(std::string_view event, std::string_view variable);

// Where the configuration of a fleet is: of the session whose user has this home directory (`config_home`: the value of
// XDG_CONFIG_HOME, or empty), or of the system.
[[nodiscard]] std::string fleet_configuration_path(const std::optional<std::string>& home,
                                                   std::string_view config_home);

// The line by which the job supervisor tells init which bridges loaded jobs ask for, on NOTIFY_SOCKET: this, and their
// names with a space between.
inline constexpr std::string_view wanted_bridges_line = "X-UPSTART-BRIDGES=";
// And that a client wants this one, also where no job asks for it: it is started, and ended after a while.
inline constexpr std::string_view start_bridge_line = "X_UPSTART_START_BRIDGE=";

// Where the master of a socket (SocketMaster1) is, by the socket's text ("unix:/run/app.sock", as SocketBridge1 has
// it): its object, its name on the bus, and the D-Bus address of its own socket, which lies beside a socket that has a
// file or an abstract name.
inline constexpr const char* socket_master_path = "/com/ubuntu/Upstart/SocketMaster";
[[nodiscard]] std::string socket_master_bus_name(std::string_view socket);
[[nodiscard]] std::string socket_master_address(std::string_view socket);

} // namespace upstart::protocol
