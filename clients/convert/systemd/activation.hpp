// What starts a service besides what wants it: sockets, timers and paths, as conditions on the events of bridges.
#pragma once

#include "clients/convert/systemd/conversion.hpp"

#include <string>

namespace upstart::convert::systemd {

// The name of the service that the unit is for.
[[nodiscard]] std::string service_of(const Unit& activator);
[[nodiscard]] bool is_activator(const Unit& unit);
// Adds its conditions to the job of the service, with the remarks.
void add_activator(Conversion& service, const Unit& activator);

} // namespace upstart::convert::systemd
