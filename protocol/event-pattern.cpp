#include "protocol/event-pattern.hpp"

#include <fnmatch.h>

namespace upstart::protocol {

bool is_event_pattern(std::string_view text) { return text.find_first_of("*?[\\") != std::string_view::npos; }

bool event_fits(const std::string& pattern, const std::string& name) {
  return pattern == name || (is_event_pattern(pattern) && ::fnmatch(pattern.c_str(), name.c_str(), 0) == 0);
}

} // namespace upstart::protocol
