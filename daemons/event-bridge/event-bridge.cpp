#include "daemons/event-bridge/event-bridge.hpp"

#include "daemons/bridge/conditions/variables.hpp"
#include "daemons/event-bridge/conditions/system-event.hpp"
#include "protocol/names.hpp"
#include "protocol/text.hpp"

#include <spdlog/spdlog.h>

#include <cstdlib>
#include <cstring>
#include <format>
#include <optional>

namespace upstart::event_bridge {

namespace {

constexpr unsigned form_of_records = 1;

std::string system_bus() {
  const char* address = std::getenv("DBUS_SYSTEM_BUS_ADDRESS");
  return address == nullptr || *address == '\0' ? "unix:path=/run/dbus/system_bus_socket" : address;
}

// The strings of an array of strings; nothing where there is none at this place of the message.
std::optional<std::vector<std::string>> strings_of(sd_bus_message* message) {
  std::vector<std::string> strings;
  if (sd_bus_message_enter_container(message, SD_BUS_TYPE_ARRAY, "s") <= 0) return std::nullopt;
  for (const char* text = nullptr;
       sd_bus_message_read_basic(message, SD_BUS_TYPE_STRING, static_cast<void*>(&text)) > 0;)
    strings.emplace_back(text);
  return strings;
}

bool is_signal(sd_bus_message* message, const char* member) {
  return sd_bus_message_is_signal(message, protocol::interface_name::upstart, member) > 0;
}

} // namespace

EventBridge::EventBridge(bridge::Services services)
    : warnings_{services.warnings},
      memory_{services.loop, services.emitter, services.own_directory, "event-bridge", form_of_records},
      listener_{services.loop,
                "system bus",
                system_bus(),
                {.signal = [this](auto* message) { received(message); },
                 .owner = [this](const auto&, const auto& owner) { upstart_ = owner; },
                 .gone = [this] { upstart_.clear(); }}} {}

void EventBridge::jobs_changed(const bridge::ConditionsUpdate& update) {
  for (const auto& job : update.gone) by_job_.erase(job);
  for (const auto& [job, matches] : update.changed) {
    auto& events = by_job_[job];
    events.clear();
    for (const auto& match : matches) {
      if (auto name = parse_condition(match.event)) events.insert(*name);
      else warnings_.tell(bridge::describe(name.error(), job, match, "it is not waited for"));
    }
  }
  ask_bus();
}

void EventBridge::ask_bus() {
  wanted_.clear();
  for (const auto& [job, events] : by_job_)
    for (const auto& event : events) wanted_[event].insert(job);
  std::set<std::string> rules, names;
  for (const auto& [event, jobs] : wanted_) rules.insert(match_rule(event));
  if (wanted_.contains(std::string{restarted})) rules.insert(match_rule_of_restart());
  if (!rules.empty()) names.insert(protocol::bus_name::upstart);
  listener_.want(std::move(rules), std::move(names));
}

// Anybody may send a signal to this connection alone: only Upstart's own count.
void EventBridge::received(sd_bus_message* message) {
  const char* sender = sd_bus_message_get_sender(message);
  if (sender == nullptr || upstart_.empty() || upstart_ != sender) return;
  if (is_signal(message, "Restarted")) return emit(std::string{restarted}, {});
  if (!is_signal(message, "EventEmitted")) return;
  const char* name = nullptr;
  if (sd_bus_message_read_basic(message, SD_BUS_TYPE_STRING, static_cast<void*>(&name)) <= 0) return;
  if (auto environment = strings_of(message)) emit(name, *environment);
}

// Nobody waits, as the system's event has finished. Kept until the broker has it: it is not told again.
void EventBridge::emit(const std::string& name, const std::vector<std::string>& environment) {
  if (!wanted_.contains(name)) return;
  if (protocol::environment_fault(environment)) return;
  auto event = std::format("{}{}", prefix, name);
  spdlog::info("emitting the event {}", event);
  memory_.emit(event, protocol::Environment{environment});
}

std::vector<bridge::Watch> EventBridge::watches() const {
  std::vector<bridge::Watch> watches;
  for (const auto& [event, jobs] : wanted_) {
    auto [state, since] = listener_.state(match_rule(event));
    if (state == "listening") state = upstart_.empty() ? "no Upstart is on the system bus" : "watched";
    watches.push_back({.what = std::format("event {} of the system", event),
                       .state = memory_.with_losses(state),
                       .since = since,
                       .jobs = {jobs.begin(), jobs.end()}});
  }
  return watches;
}

} // namespace upstart::event_bridge
