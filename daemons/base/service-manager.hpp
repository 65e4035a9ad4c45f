// What a daemon and the one who started it (init, or any manager that speaks the sd_notify and LISTEN_FDS conventions)
// say to each other: which descriptors are inherited under which names, READY=1, STOPPING=1, and descriptors to keep.
#pragma once

#include "daemons/base/file-descriptor.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace upstart::base {

// Takes the descriptors that LISTEN_FDS and LISTEN_FDNAMES tell of (made close-on-exec), and removes those variables
// from the environment. Empty when LISTEN_PID is not this process. A name may come several times.
[[nodiscard]] std::multimap<std::string, FileDescriptor> inherited_descriptors();

// Sends lines such as "READY=1" to NOTIFY_SOCKET; without one does nothing. False when it could not be sent.
bool notify_manager(const std::string& lines);
// Asks the manager to keep a copy of the descriptor under this name (FDSTORE=1), or to forget it (FDSTOREREMOVE=1).
bool keep_descriptor(const std::string& name, int fd);
bool forget_descriptor(const std::string& name);

} // namespace upstart::base
