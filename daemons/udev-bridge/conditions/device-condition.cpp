#include "daemons/udev-bridge/conditions/device-condition.hpp"

#include <fnmatch.h>

#include <algorithm>
#include <array>
#include <format>

namespace upstart::udev_bridge {

namespace {

using bridge::ConditionFault;

struct Action {
  std::string_view name;
  std::string_view past;
};
constexpr std::array actions{
    Action{"add", "added"},  Action{"change", "changed"}, Action{"remove", "removed"},
    Action{"move", "moved"}, Action{"online", "onlined"}, Action{"offline", "offlined"},
    Action{"bind", "bound"}, Action{"unbind", "unbound"},
};

constexpr std::string_view infix = "-device-";
constexpr std::array<std::string_view, 4> first_variables{"SUBSYSTEM", "ACTION", "KERNEL", "DEVPATH"};

struct Argument {
  std::string_view variable; // empty: it has none and no place among the first
  std::string_view pattern;
  bool negated = false;
  bool positional = false;
  [[nodiscard]] bool is_fixed() const { return !negated && pattern.find_first_of("*?[\\$") == std::string_view::npos; }
};

Argument argument_of(std::string_view text, std::size_t& position) {
  auto equals = text.find('=');
  if (equals == std::string_view::npos) {
    auto place = position++;
    return {.variable = place < first_variables.size() ? first_variables.at(place) : "",
            .pattern = text,
            .positional = true};
  }
  bool negated = equals > 0 && text[equals - 1] == '!';
  return {
      .variable = text.substr(0, equals - (negated ? 1 : 0)), .pattern = text.substr(equals + 1), .negated = negated};
}

// What no event has in a variable whose value is `value` in all of them.
std::optional<std::string> contradiction(const Argument& argument, std::string_view value) {
  if (argument.pattern.contains('$')) return std::nullopt;
  bool matches = ::fnmatch(std::string{argument.pattern}.c_str(), std::string{value}.c_str(), 0) == 0;
  if (matches != argument.negated) return std::nullopt;
  if (argument.positional)
    return std::format("a value without a variable at this place is compared with {}, which is {} in this event; "
                       "write KERNEL={} if the name of the device is meant",
                       argument.variable, value, argument.pattern);
  return std::format("it is {} in every such event, which {}{} does not match", value, argument.negated ? "!=" : "",
                     argument.pattern);
}

std::optional<std::string> fault_of(const Argument& argument, const DeviceEvent& event) {
  if (argument.variable == "SUBSYSTEM") return contradiction(argument, event.subsystem);
  if (argument.variable == "ACTION") return contradiction(argument, event.action);
  if (!argument.is_fixed()) return std::nullopt;
  bool is_path = argument.pattern.starts_with('/');
  if (argument.variable == "DEVPATH" && (!is_path || argument.pattern.starts_with("/sys/")))
    return std::format("{} is no path below /sys, written without it, such as /devices/virtual/net/lo",
                       argument.pattern);
  if (argument.variable == "DEVNAME" && !is_path)
    return std::format("{} is not the whole path of a device node, such as /dev/sda", argument.pattern);
  if (argument.variable == "KERNEL" && argument.pattern.contains('/'))
    return std::format("{} is not the name of a device, such as sda or eth0; DEVNAME has the path of its node",
                       argument.pattern);
  return std::nullopt;
}

} // namespace

std::string past_of(std::string_view action) {
  const auto* found = std::ranges::find(actions, action, &Action::name);
  return std::string{found == actions.end() ? action : found->past};
}

std::string event_name(std::string_view subsystem, std::string_view action) {
  return std::format("{}{}{}", subsystem, infix, past_of(action));
}

// A subsystem may have "-device-" in its name; an action has no hyphen.
std::optional<DeviceEvent> device_event_of(std::string_view name) {
  auto place = name.rfind(infix);
  if (place == std::string_view::npos || place == 0) return std::nullopt;
  const auto* action = std::ranges::find(actions, name.substr(place + infix.size()), &Action::past);
  if (action == actions.end()) return std::nullopt;
  return DeviceEvent{.subsystem = std::string{name.substr(0, place)}, .action = std::string{action->name}};
}

std::expected<DeviceEvent, ConditionFault> parse_condition(const DeviceEvent& event,
                                                           std::span<const std::string> arguments) {
  std::size_t position = 0;
  for (const auto& text : arguments) {
    auto argument = argument_of(text, position);
    if (auto fault = fault_of(argument, event))
      return std::unexpected{
          ConditionFault{std::string{argument.positional ? argument.pattern : argument.variable}, std::move(*fault)}};
  }
  return event;
}

} // namespace upstart::udev_bridge
