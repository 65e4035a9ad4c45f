// The words of a match as variables, and how a fault is put into words: what the conditions of all bridges have in
// common. Pure.
#pragma once

#include "daemons/bridge/conditions/job-conditions.hpp"
#include "protocol/environment.hpp"

#include <expected>
#include <span>
#include <string>
#include <string_view>

namespace upstart::bridge {

// Whether the values of a match may be glob patterns.
enum class Patterns { refused, allowed };

// The arguments as variables with distinct names. Refuses what names nothing that could be watched: an argument without
// a variable, KEY!=VALUE, a value with "$" (what the job's own `env` gives is expanded already), two different values
// of one variable, and unless allowed a pattern.
[[nodiscard]] std::expected<protocol::Environment, ConditionFault> variables_of(std::span<const std::string> arguments,
                                                                                Patterns patterns);

// "job JOB: VARIABLE in its EVENT condition: MESSAGE; CONSEQUENCE".
[[nodiscard]] ConditionWarning describe(const ConditionFault& fault, const std::string& job, const Match& match,
                                        std::string_view consequence);

} // namespace upstart::bridge
