// The time zones of the machine, as the C library knows them.
#pragma once

#include "daemons/timer-bridge/calendar/calendar.hpp"

#include <memory>
#include <string>

namespace upstart::timer_bridge {

// Empty: the zone of the machine, or that of TZ in the environment of the process.
[[nodiscard]] std::shared_ptr<const Zone> zone_of(const std::string& name);

} // namespace upstart::timer_bridge
