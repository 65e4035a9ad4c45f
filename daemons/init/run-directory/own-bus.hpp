// The configuration of the bus that init starts for a session: that of any session bus, and besides a service file for
// each daemon of Upstart. By it the bus has a bridge started when somebody calls it that does not run, since no job
// asks for its events: `initctl bridges --start' asks init for it. A call to the supervisor or the broker that comes
// before these have joined the bus, or while init starts them again, is held until they have: `initctl version' waits
// for the supervisor.
#pragma once

#include <optional>
#include <string>

namespace upstart::init {

// Written into the run directory, in place of what is there. `initctl` is the path of that program. The path of the
// configuration; nothing where no configuration of session buses is installed on this machine to begin with, or it
// cannot be written: then the bus is started as any other (dbus-daemon --session), and activates no bridge.
[[nodiscard]] std::optional<std::string> write_own_bus_configuration(const std::string& run_directory,
                                                                     const std::string& initctl);

} // namespace upstart::init
