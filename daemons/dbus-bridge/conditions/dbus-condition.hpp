// One `dbus` match of a job's expression, understood: on which bus it listens, what it asks of a signal, and the match
// rule by which the bus sends those signals alone. Pure.
//
// A rule holds what the condition fixes: a pattern, `!=` and a value with "$" are not in it, and a signal that it lets
// through is looked at again (`fits`), but for "$", which the job supervisor alone can expand.
#pragma once

#include "daemons/bridge/conditions/job-conditions.hpp"
#include "daemons/dbus-bridge/values/signal.hpp"

#include <expected>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace upstart::dbus_bridge {

inline constexpr const char* event_name = "dbus";

// How the bridge that serves the condition was started.
struct Naming {
  Bus preset = Bus::system; // of conditions without BUS
  std::string bus_name{};   // --bus-name: the BUS of that bus's events; empty: they have none
};

struct Constraint {
  std::string variable;
  std::string pattern{};
  bool negated = false;
  [[nodiscard]] bool is_open() const { return pattern.contains('$'); }
  // The one value that it takes.
  [[nodiscard]] bool is_fixed() const { return !negated && pattern.find_first_of("*?[\\$") == std::string::npos; }
  friend bool operator==(const Constraint&, const Constraint&) = default;
};

struct DbusCondition {
  Bus bus = Bus::system;
  bool says_bus = false;                 // its event has BUS
  std::vector<Constraint> constraints{}; // all but BUS
  // The well-known name that SENDER fixes; empty: none. The event's SENDER is that name then.
  [[nodiscard]] std::string_view sender_name() const;
  // What the bus is asked for.
  [[nodiscard]] std::string match_rule() const;
  friend bool operator==(const DbusCondition&, const DbusCondition&) = default;
};

// The arguments that follow the event's name.
[[nodiscard]] std::expected<DbusCondition, bridge::ConditionFault>
parse_condition(std::span<const std::string> arguments, const Naming& naming = {});

// Which connection has each well-known name.
using Owners = std::map<std::string, std::string, std::less<>>;
// Whether the condition may match the event that says this, once SENDER is written as the condition wants it; here it
// is the unique name.
[[nodiscard]] bool fits(const DbusCondition& condition, const protocol::Environment& event, const Owners& owners);

} // namespace upstart::dbus_bridge
