#include "daemons/dbus-bridge/conditions/dbus-condition.hpp"

#include "daemons/bridge/conditions/match-rule.hpp"
#include "daemons/dbus-bridge/conditions/dbus-names.hpp"
#include "protocol/text.hpp"

#include <fnmatch.h>

#include <algorithm>
#include <array>
#include <format>

namespace upstart::dbus_bridge {

namespace {

using bridge::ConditionFault;
using Outcome = std::expected<void, ConditionFault>;

constexpr const char* bus_itself = "org.freedesktop.DBus";

std::unexpected<ConditionFault> fault(std::string_view variable, std::string message) {
  return std::unexpected{ConditionFault{std::string{variable}, std::move(message)}};
}

// Each variable with a name of its own: what must hold of a fixed value, its key in a match rule, and what is said
// where it does not hold.
struct Variable {
  std::string_view name;
  std::string_view rule_key;
  bool (*is_valid)(std::string_view);
  std::string_view wanted;
};
constexpr std::array variables{
    Variable{"SIGNAL", "member", is_member_name, "the name of a signal, such as NameOwnerChanged,"},
    Variable{"INTERFACE", "interface", is_interface_name, "the name of an interface, such as org.freedesktop.DBus,"},
    Variable{"OBJPATH", "path", is_object_path, "the path of an object, such as /org/freedesktop/DBus,"},
    Variable{"SENDER", "sender", is_bus_name, "a name on the bus, such as org.freedesktop.login1,"},
};

const Variable* find_variable(std::string_view name) {
  const auto* found = std::ranges::find(variables, name, &Variable::name);
  return found == variables.end() ? nullptr : found;
}

// What stands at this place of an event without DESTINATION.
std::string variable_at(std::size_t position, bool bus_first) {
  if (bus_first && position == 0) return "BUS";
  if (bus_first) --position;
  if (position < variables.size()) return std::string{variables[position].name};
  return std::format("ARG{}", position - variables.size());
}

std::vector<Constraint> constraints_of(std::span<const std::string> arguments, const Naming& naming) {
  std::vector<Constraint> constraints;
  std::size_t position = 0;
  for (const auto& argument : arguments) {
    auto equals = argument.find('=');
    if (equals == std::string::npos) {
      constraints.push_back({variable_at(position++, !naming.bus_name.empty()), argument});
      continue;
    }
    bool negated = equals > 0 && argument[equals - 1] == '!';
    constraints.push_back({argument.substr(0, equals - (negated ? 1 : 0)), argument.substr(equals + 1), negated});
  }
  return constraints;
}

Outcome take_bus(const Constraint& constraint, const Naming& naming, DbusCondition& condition) {
  condition.says_bus = true;
  if (!constraint.is_fixed()) return fault("BUS", "one bus is needed; write BUS=system or BUS=session");
  const auto& name = constraint.pattern;
  if (name == naming.bus_name && !name.empty()) return {};
  if (name != name_of(Bus::system) && name != name_of(Bus::session))
    return fault("BUS", std::format("unknown value {}; system or session is needed, or the NAME of an "
                                    "upstart-dbus-bridge that was started with --bus-name NAME",
                                    name));
  condition.bus = name == name_of(Bus::system) ? Bus::system : Bus::session;
  if (condition.bus == naming.preset && !naming.bus_name.empty())
    return fault("BUS", std::format("the events of this bus have BUS={}; write that", naming.bus_name));
  return {};
}

Outcome check_fixed(const Constraint& constraint) {
  const auto& [name, value, negated] = constraint;
  if (const auto* variable = find_variable(name); variable != nullptr && !variable->is_valid(value))
    return fault(name, std::format("{} is none that a signal can have; {} is needed", value, variable->wanted));
  bool of_upstart =
      (name == "INTERFACE" && is_of_upstart(value, "")) || (name == "OBJPATH" && is_of_upstart("", value));
  if (of_upstart)
    return fault(name, "Upstart's own signals make no dbus events; name the events of jobs (started, stopped) instead");
  if (name == "SIGNAL" && (value == "NameAcquired" || value == "NameLost"))
    return fault(name, std::format("{} is sent to the one connection that it is about; "
                                   "SIGNAL=NameOwnerChanged with ARG0 tells all of it",
                                   value));
  return {};
}

Outcome check(const Constraint& constraint) {
  const auto& name = constraint.variable;
  if (protocol::readable(constraint.pattern) != constraint.pattern)
    return fault(name, "its value is no UTF-8, as every text of D-Bus is");
  if (name == "DESTINATION")
    return fault(name, "a signal to one connection is not shown to others; leave it out and name INTERFACE or OBJPATH");
  if (find_variable(name) == nullptr && argument_number(name) < 0)
    return fault(name, "not a variable of a dbus event; known are BUS, SIGNAL, INTERFACE, OBJPATH, SENDER, ARG0, ARG1 "
                       "and so on");
  return constraint.is_fixed() ? check_fixed(constraint) : Outcome{};
}

// Two fixed values of one variable, which no signal has.
Outcome check_distinct(const std::vector<Constraint>& constraints) {
  for (auto one = constraints.begin(); one != constraints.end(); ++one)
    for (auto other = std::next(one); other != constraints.end(); ++other)
      if (one->variable == other->variable && one->is_fixed() && other->is_fixed() && one->pattern != other->pattern)
        return fault(one->variable, "given twice, with different values");
  return {};
}

constexpr int most_arguments_of_rule = 64;

// The part of a match rule that lets through what the constraint does, and perhaps more; empty: none says that.
std::string rule_part(const Constraint& constraint) {
  const auto& value = constraint.pattern;
  auto part = [](std::string_view key, std::string_view text) {
    return std::format(",{}={}", key, bridge::quoted_in_rule(text));
  };
  int argument = argument_number(constraint.variable);
  if (constraint.is_fixed()) {
    if (const auto* variable = find_variable(constraint.variable)) return part(variable->rule_key, value);
    if (argument < 0 || argument >= most_arguments_of_rule) return {};
    if (is_object_path(value)) return part(std::format("arg{}path", argument), value);
    return is_text_only(value) ? part(std::format("arg{}", argument), value) : "";
  }
  if (constraint.negated || constraint.is_open() || value.size() < 3) return {};
  auto above = std::string_view{value}.substr(0, value.size() - 2);
  if (constraint.variable == "OBJPATH" && value.ends_with("/*") && is_object_path(above))
    return part("path_namespace", above);
  return argument == 0 && value.ends_with(".*") && is_bus_name(above) && !above.starts_with(':')
             ? part("arg0namespace", above)
             : "";
}

bool allows(const Constraint& constraint, std::string_view value) {
  if (constraint.is_open()) return true;
  return (::fnmatch(constraint.pattern.c_str(), std::string{value}.c_str(), 0) == 0) != constraint.negated;
}

} // namespace

std::string_view DbusCondition::sender_name() const {
  for (const auto& constraint : constraints)
    if (constraint.variable == "SENDER" && constraint.is_fixed() && !constraint.pattern.starts_with(':') &&
        constraint.pattern != bus_itself)
      return constraint.pattern;
  return {};
}

std::string DbusCondition::match_rule() const {
  std::string rule = "type='signal'";
  std::vector<std::string> parts;
  for (const auto& constraint : constraints) parts.push_back(rule_part(constraint));
  std::ranges::sort(parts); // the same rule for the same conditions, whatever their order
  parts.erase(std::ranges::unique(parts).begin(), parts.end());
  for (const auto& part : parts) rule += part;
  return rule;
}

std::expected<DbusCondition, ConditionFault> parse_condition(std::span<const std::string> arguments,
                                                             const Naming& naming) {
  DbusCondition condition{.bus = naming.preset};
  auto all = constraints_of(arguments, naming);
  if (auto outcome = check_distinct(all); !outcome) return std::unexpected{outcome.error()};
  for (auto& constraint : all) {
    bool is_bus = constraint.variable == "BUS";
    auto outcome = is_bus ? take_bus(constraint, naming, condition) : check(constraint);
    if (!outcome) return std::unexpected{outcome.error()};
    if (!is_bus) condition.constraints.push_back(std::move(constraint));
  }
  return condition;
}

bool fits(const DbusCondition& condition, const protocol::Environment& event, const Owners& owners) {
  auto name = condition.sender_name();
  if (!name.empty()) {
    auto owner = owners.find(name);
    if (owner == owners.end() || owner->second != event.get("SENDER")) return false;
  }
  return std::ranges::all_of(condition.constraints, [&](const Constraint& constraint) {
    auto value = constraint.variable == "SENDER" && !name.empty() ? name : event.get(constraint.variable);
    return value && allows(constraint, *value);
  });
}

} // namespace upstart::dbus_bridge
