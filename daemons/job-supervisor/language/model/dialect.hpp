// The two dialects of job files.
#pragma once

#include <cstdint>

namespace upstart::supervisor {

// That of *.conf files (0.5 to 1.13 and ChromeOS), or that of event.d directories (0.3).
enum class Dialect : std::uint8_t { conf, event_d };

} // namespace upstart::supervisor
