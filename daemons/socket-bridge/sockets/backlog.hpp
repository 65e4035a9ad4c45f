// How many clients wait in a listening socket's backlog: less of them after a job has had the socket means that it did
// accept. Clients that have hung up count too; they stay until somebody accepts them.
#pragma once

#include <optional>

namespace upstart::socket_bridge {

// Nothing where the kernel does not say: for datagrams and FIFOs, and where it has no socket diagnostics.
[[nodiscard]] std::optional<unsigned> clients_waiting(int listening);

} // namespace upstart::socket_bridge
