// A life as bytes and back: what a journal keeps of a job, and what is handed to the next supervisor.
#pragma once

#include "daemons/job-supervisor/lifecycle/life.hpp"

#include <expected>
#include <string>
#include <string_view>

namespace upstart::supervisor {

// The form in which `to_bytes` writes. A life written in another form is refused, never misread.
inline constexpr unsigned life_format = 1;

[[nodiscard]] std::string to_bytes(const Life& life);
// The error says what is wrong with the bytes.
[[nodiscard]] std::expected<Life, std::string> life_of_bytes(std::string_view bytes);

} // namespace upstart::supervisor
