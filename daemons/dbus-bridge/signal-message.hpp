// A message of the bus as a signal, its arguments as text.
#pragma once

#include "daemons/dbus-bridge/values/signal.hpp"

#include <systemd/sd-bus.h>

#include <optional>

namespace upstart::dbus_bridge {

// Nothing where any part of it cannot be read, whatever its sender wrote. The message is read to its end and left at
// its beginning.
[[nodiscard]] std::optional<Signal> signal_of(sd_bus_message* message);

} // namespace upstart::dbus_bridge
