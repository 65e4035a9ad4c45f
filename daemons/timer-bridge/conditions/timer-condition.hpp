// One `timer` match of a job's expression, understood: when its event is to come.
#pragma once

#include "daemons/bridge/conditions/job-conditions.hpp"
#include "daemons/timer-bridge/calendar/calendar.hpp"
#include "protocol/environment.hpp"

#include <cstdint>
#include <expected>
#include <span>
#include <string>

namespace upstart::timer_bridge {

inline constexpr const char* event_name = "timer";

enum class Kind : std::uint8_t {
  every,    // EVERY: again and again, on the monotonic clock
  calendar, // AT, CRON: at times of the wall clock
  after,    // AFTER: some time after each event of that name
};

struct TimerCondition {
  Kind kind = Kind::every;
  protocol::Environment variables; // as the condition has them: the event begins with them
  std::chrono::seconds every{0};   // or, of AFTER, the delay
  std::chrono::seconds jitter{0};  // each time comes later by a random part of this
  Calendar calendar{};
  std::string zone{}; // "Europe/Berlin"; empty: that of the machine
  std::string after{};
  bool catch_up = true; // a time that was missed is made up for
};

// The variables in a line, by which conditions that are the same share a timer: "EVERY=15m JITTER=30s".
[[nodiscard]] std::string text_of(const protocol::Environment& variables);

// Whether the machine knows this time zone.
[[nodiscard]] bool is_zone(const std::string& name);

// `arguments` are those that follow the event's name.
[[nodiscard]] std::expected<TimerCondition, bridge::ConditionFault>
parse_condition(std::span<const std::string> arguments);

} // namespace upstart::timer_bridge
