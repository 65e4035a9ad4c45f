// Names of events that stand for several: fnmatch(3) patterns such as "*-device-*", as handlers and bridges want them.
#pragma once

#include <string>
#include <string_view>

namespace upstart::protocol {

// Whether the text has a wildcard, so that it may fit other names than itself.
[[nodiscard]] bool is_event_pattern(std::string_view text);
// Whether an event of this name is meant; a pattern without a wildcard is a name.
[[nodiscard]] bool event_fits(const std::string& pattern, const std::string& name);

} // namespace upstart::protocol
