// Process 1 may still be systemd: until the first reboot after Upstart has become the system's init on the disk. The
// tools that are called by the old names must work then, too.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace upstart::client {

// The signal by which systemd(1) goes where this runlevel leads, counted from SIGRTMIN. `environment` is that of the
// event: INIT_HALT=HALT leaves the power on.
[[nodiscard]] int systemd_signal_for(char runlevel, const std::vector<std::string>& environment);

// By its name, and the directory that says that it has booted the system.
[[nodiscard]] bool systemd_is_process_1();

} // namespace upstart::client
