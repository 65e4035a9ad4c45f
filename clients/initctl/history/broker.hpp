// The event broker as the commands see it: its history. In a session and as root on the system it is asked at its own
// socket in the run directory; over a bus, or where that socket is not to be found, by its name on the bus.
#pragma once

#include "clients/base/upstart.hpp"
#include "clients/initctl/history/past-event.hpp"

namespace upstart::client {

// The last `count` events (0: all that are remembered), oldest first.
[[nodiscard]] std::expected<std::vector<PastEvent>, Failure> read_history(const ProcessContext& context,
                                                                          Upstart& upstart, std::uint32_t count);

// Where the broker of this init listens, if it can be told from the address of the session; empty if not.
[[nodiscard]] std::string broker_address(const ProcessContext& context, const Target& target);

} // namespace upstart::client
