// The signals by which the kernel tells process 1 of a key or of the power supply, and the events that come of them.
// init passes each on to the job supervisor, as a signal that means nothing else there.
#pragma once

#include <array>
#include <csignal>

namespace upstart::protocol {

struct KernelEvent {
  int signal;    // to process 1
  int passed_on; // to the job supervisor
  const char* event;
};
inline constexpr std::array kernel_events{
    KernelEvent{SIGINT, SIGUSR2, "control-alt-delete"},
    KernelEvent{SIGWINCH, SIGWINCH, "keyboard-request"},
    KernelEvent{SIGPWR, SIGPWR, "power-status-changed"},
};

} // namespace upstart::protocol
