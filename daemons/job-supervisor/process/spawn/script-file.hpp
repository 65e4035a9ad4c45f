// A script in memory, for a shell to read: a file without a name that nobody can write any more.
#pragma once

#include "daemons/base/file-descriptor.hpp"

#include <expected>
#include <string_view>

namespace upstart::supervisor {

// The error is errno.
[[nodiscard]] std::expected<base::FileDescriptor, int> script_file(std::string_view text);

} // namespace upstart::supervisor
