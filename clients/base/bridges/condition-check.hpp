// What the bridges say of conditions on their events, without a bridge: each condition is checked by the library that
// the bridge itself understands it with. One table has a line for each bridge (condition-check.cpp). What bridge emits
// which event stands in protocol/bridges.hpp.
#pragma once

#include "daemons/bridge/conditions/job-conditions.hpp"
#include "protocol/environment.hpp"

#include <optional>
#include <span>
#include <string>

namespace upstart::client {

// One match of a `start on` or `stop on`.
struct ConditionInJob {
  const std::string& event;
  std::span<const std::string> arguments; // KEY=VALUE …; what the job's own `env` gives is expanded
};

struct UnservedCondition {
  std::string program; // "upstart-file-bridge"
  std::string lint;    // "file-condition": the name of the warning of init-checkconf
  std::string what;    // "this file": what is not served
  bridge::ConditionFault fault;

  // "upstart-file-bridge does not serve this file: EVENT: unknown value …".
  [[nodiscard]] std::string text() const;
};

// Nothing where the event is none of a bridge, or the bridge serves the condition.
[[nodiscard]] std::optional<UnservedCondition> check_condition(const ConditionInJob& condition);

} // namespace upstart::client
