// Match rules of D-Bus, by which a bus is asked for signals: what the bridges that listen to a bus share. Pure.
#pragma once

#include <string>
#include <string_view>

namespace upstart::bridge {

// A value as it stands in a rule: in apostrophes, its own apostrophes escaped.
[[nodiscard]] std::string quoted_in_rule(std::string_view value);

} // namespace upstart::bridge
