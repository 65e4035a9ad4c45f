// A connection served on this process's own standard input and output.
#pragma once

namespace upstart::socket_bridge {

// What comes in on the connection goes to standard output, what comes in on standard input to the connection; returns
// when the client has closed its end. At the end of standard input the connection's sending end is closed. False:
// standard output is gone, and nothing can be served any more.
[[nodiscard]] bool relay(int connection);

} // namespace upstart::socket_bridge
