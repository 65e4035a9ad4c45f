// One match of an event of the system's Upstart in a job of a session, `:sys:NAME`, understood: which event of the
// system is meant, and the match rule by which the bus sends that one alone. Pure.
#pragma once

#include "daemons/bridge/conditions/job-conditions.hpp"

#include <expected>
#include <string>
#include <string_view>

namespace upstart::event_bridge {

// The events of this bridge, as a pattern, and how they begin.
inline constexpr const char* event_names = ":sys:*";
inline constexpr std::string_view prefix = ":sys:";
// Of the system, when its init has re-executed itself.
inline constexpr std::string_view restarted = "restarted";

// The name that the event has in the system. The arguments of a match may be any: the variables are the system's.
[[nodiscard]] std::expected<std::string, bridge::ConditionFault> parse_condition(const std::string& event);

// What the bus is asked for, to hear of this event of the system.
[[nodiscard]] std::string match_rule(const std::string& name);
// To hear that its init has re-executed itself.
[[nodiscard]] std::string match_rule_of_restart();

} // namespace upstart::event_bridge
