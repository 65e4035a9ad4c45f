#include "daemons/bridge/conditions/variables.hpp"

#include <format>
#include <optional>

namespace upstart::bridge {

namespace {

using protocol::Environment;

// Why this argument names nothing to watch, if so.
std::optional<ConditionFault> fault_of(std::string_view argument, Patterns patterns) {
  auto key = protocol::key_of(argument);
  auto value = protocol::value_of(argument);
  if (key.empty() || key.size() == argument.size())
    return ConditionFault{std::string{argument}, "a value without a variable; write KEY=VALUE"};
  auto fault = [&](std::string message) { return ConditionFault{std::string{key}, std::move(message)}; };
  if (key.ends_with('!'))
    return ConditionFault{std::string{key.substr(0, key.size() - 1)}, "!= names nothing to watch; write KEY=VALUE"};
  if (patterns == Patterns::refused && value.find_first_of("*?[\\") != std::string_view::npos)
    return fault(std::format("a pattern ({}) names nothing to watch; write the value itself", value));
  if (value.contains('$'))
    return fault(std::format(
        "the value of {} is not known before the job runs; give it by `env` in the job, or write the value itself",
        value));
  return std::nullopt;
}

} // namespace

std::expected<Environment, ConditionFault> variables_of(std::span<const std::string> arguments, Patterns patterns) {
  Environment variables;
  for (const auto& argument : arguments) {
    if (auto fault = fault_of(argument, patterns)) return std::unexpected(std::move(*fault));
    auto key = protocol::key_of(argument);
    auto value = protocol::value_of(argument);
    if (auto before = variables.get(key); before && *before != value)
      return std::unexpected(ConditionFault{std::string{key}, "given twice, with different values"});
    variables.set(key, value);
  }
  return variables;
}

ConditionWarning describe(const ConditionFault& fault, const std::string& job, const Match& match,
                          std::string_view consequence) {
  return {job, match,
          std::format("job {}: {} in its {} condition: {}; {}", job, fault.variable, match.event, fault.message,
                      consequence)};
}

} // namespace upstart::bridge
