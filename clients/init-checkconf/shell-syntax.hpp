// What the shell thinks of a job's scripts, asked with `sh -n`: it reads them and runs nothing.
#pragma once

#include "clients/init-checkconf/job-sources.hpp"

#include <expected>
#include <string>

namespace upstart::client {

// Adds a diagnostic for each script that the shell cannot read; the class is gone then, as if the file did not parse.
// The error says why the shell could not be asked.
[[nodiscard]] std::expected<void, std::string> check_scripts(CheckedFile& file);

} // namespace upstart::client
