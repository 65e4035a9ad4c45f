// Where job files are read from and logs written to, by the options, the environment and the rules of the XDG base
// directories. Pure; whether the directories exist is asked by who uses them.
#pragma once

#include "daemons/init/configuration/options.hpp"
#include "protocol/environment.hpp"

namespace upstart::init {

// The value of a variable; nothing where it is unset or empty, which are the same to init.
[[nodiscard]] std::optional<std::string> variable(const protocol::Environment& environment, std::string_view key);

// In order of precedence.
[[nodiscard]] std::vector<std::string> job_directories(const Options& options,
                                                       const protocol::Environment& environment);

// Nothing: jobs are not logged, since so it is wanted or since there is no place for it.
[[nodiscard]] std::optional<std::string> log_directory(const Options& options,
                                                       const protocol::Environment& environment);

} // namespace upstart::init
