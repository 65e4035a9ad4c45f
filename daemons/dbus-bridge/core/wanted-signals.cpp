#include "daemons/dbus-bridge/core/wanted-signals.hpp"

#include "daemons/bridge/conditions/variables.hpp"

#include <algorithm>
#include <ranges>

namespace upstart::dbus_bridge {

namespace {

constexpr const char* every_signal = "type='signal'";
constexpr const char* for_always = "--always";

} // namespace

WantedSignals::WantedSignals(Naming naming, bool always) : naming_{std::move(naming)}, always_{always} {
  make_wishes();
}

std::vector<bridge::ConditionWarning> WantedSignals::jobs_changed(const bridge::ConditionsUpdate& update) {
  std::vector<bridge::ConditionWarning> warnings;
  for (const auto& job : update.gone) jobs_.erase(job);
  for (const auto& [job, matches] : update.changed) {
    auto& conditions = jobs_[job];
    conditions.clear();
    for (const auto& match : matches) {
      auto condition = parse_condition(match.arguments, naming_);
      if (condition) conditions.push_back(std::move(*condition));
      else warnings.push_back(bridge::describe(condition.error(), job, match, "this signal is not waited for"));
    }
  }
  make_wishes();
  return warnings;
}

void WantedSignals::make_wishes() {
  wishes_ = {};
  if (always_) wishes_[place(naming_.preset)].rules[every_signal].insert(for_always);
  for (const auto& [job, conditions] : jobs_)
    for (const auto& condition : conditions) {
      auto& wishes = wishes_[place(condition.bus)];
      wishes.rules[condition.match_rule()].insert(job);
      if (auto name = condition.sender_name(); !name.empty()) wishes.names.emplace(name);
    }
  for (auto bus : {Bus::system, Bus::session})
    std::erase_if(owners_[place(bus)], [&](const auto& entry) { return !wishes(bus).names.contains(entry.first); });
}

void WantedSignals::owner_changed(Bus bus, const std::string& name, const std::string& owner) {
  auto& owners = owners_[place(bus)];
  if (owner.empty()) owners.erase(name);
  else if (wishes(bus).names.contains(name)) owners[name] = owner;
}

std::vector<protocol::Environment> WantedSignals::events_of(Bus bus, const Signal& signal) const {
  if (is_of_upstart(signal.interface, signal.path)) return {};
  const auto& owners = owners_[place(bus)];
  auto plain = environment_of(signal, "", signal.sender);
  std::vector<const DbusCondition*> fitting;
  for (const auto& conditions : jobs_ | std::views::values)
    for (const auto& condition : conditions)
      if (condition.bus == bus && fits(condition, plain, owners)) fitting.push_back(&condition);
  bool is_preset = bus == naming_.preset;
  if (fitting.empty() && !(always_ && is_preset)) return {};
  bool says_bus = std::ranges::any_of(fitting, &DbusCondition::says_bus);
  std::string bus_name = is_preset ? naming_.bus_name : "";
  if (bus_name.empty() && says_bus) bus_name = name_of(bus);
  std::vector<protocol::Environment> events;
  for (const auto* condition : fitting) {
    auto name = condition->sender_name();
    std::string_view sender = name.empty() ? std::string_view{signal.sender} : name;
    bool has_sender =
        !name.empty() || std::ranges::contains(condition->constraints, std::string{"SENDER"}, &Constraint::variable);
    bool is_there =
        std::ranges::any_of(events, [&](const auto& event) { return !has_sender || event.get("SENDER") == sender; });
    if (!is_there && has_sender) events.push_back(environment_of(signal, bus_name, sender));
  }
  if (events.empty()) events.push_back(environment_of(signal, bus_name, signal.sender));
  return events;
}

} // namespace upstart::dbus_bridge
