// The main program of the modes with a socket path.
#pragma once

namespace upstart::socket_bridge {

// Runs a master or a slave to its end; the exit status.
[[nodiscard]] int run_sharing(int argc, char** argv);

} // namespace upstart::socket_bridge
