// The log of a daemon: spdlog's default logger, on standard error, each line as LogFormat has it.
#pragma once

#include "daemons/base/log/log-format.hpp"

#include <spdlog/common.h>

#include <string>

namespace upstart::base {

// What that means for a daemon, by spdlog's levels.
struct LogLevels {
  spdlog::level::level_enum quiet = spdlog::level::err;
  spdlog::level::level_enum normal = spdlog::level::warn;
  spdlog::level::level_enum verbose = spdlog::level::info;
  spdlog::level::level_enum debug = spdlog::level::debug;
  [[nodiscard]] spdlog::level::level_enum of(Verbosity verbosity) const;
};

// From now on spdlog::warn and the like write to standard error, as this program ("event-broker"). Standard error may
// be closed or may not be read: nobody waits for that, what cannot be written is dropped and counted (log-stream.hpp).
void open_log(const std::string& program, spdlog::level::level_enum level);

} // namespace upstart::base
