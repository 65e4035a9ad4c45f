// Pseudo terminals for console logs: the near end is read by the supervisor, the far end is a process's standard
// output.
#pragma once

#include "daemons/base/file-descriptor.hpp"

#include <expected>
#include <string>

namespace upstart::supervisor {

// The near end, not waiting when read; lines end in "\n" as they were written, and the window is 80 columns wide and 24
// rows high. The error is errno: mostly that there are no more.
[[nodiscard]] std::expected<base::FileDescriptor, int> open_terminal();
// Another descriptor of its far end.
[[nodiscard]] std::expected<base::FileDescriptor, int> far_end(const base::FileDescriptor& near_end);

// The path of the far end, such as "/dev/pts/3"; empty for what is no terminal.
[[nodiscard]] std::string far_end_name(int near_end);

} // namespace upstart::supervisor
