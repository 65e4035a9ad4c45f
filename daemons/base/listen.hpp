// The listening end of a Unix socket: what init makes for the daemons and a peer-to-peer server accepts on.
#pragma once

#include "daemons/base/file-descriptor.hpp"

#include <expected>
#include <string>

namespace upstart::base {

// A listening Unix socket, non-blocking and close-on-exec, for a D-Bus address of the form "unix:path=…" or
// "unix:abstract=…". A stale socket file is replaced. The error says what and why.
[[nodiscard]] std::expected<FileDescriptor, std::string> listen_at(const std::string& address);

} // namespace upstart::base
