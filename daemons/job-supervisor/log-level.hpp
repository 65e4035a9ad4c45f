// The log priorities of Upstart (debug info message warn error fatal) and the levels of spdlog.
#pragma once

#include <spdlog/spdlog.h>

#include <array>
#include <string>
#include <string_view>
#include <utility>

namespace upstart::supervisor {

// "message" is the default: what an administrator should see though nothing is wrong.
inline constexpr std::array<std::pair<std::string_view, spdlog::level::level_enum>, 6> log_priorities{{
    {"debug", spdlog::level::trace},
    {"info", spdlog::level::debug},
    {"message", spdlog::level::info},
    {"warn", spdlog::level::warn},
    {"error", spdlog::level::err},
    {"fatal", spdlog::level::critical},
}};

} // namespace upstart::supervisor
