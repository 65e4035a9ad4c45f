#include "daemons/dbus-bridge/dbus-bridge.hpp"

#include "daemons/dbus-bridge/signal-message.hpp"

#include <spdlog/spdlog.h>

#include <cstdlib>
#include <format>
#include <ranges>

namespace upstart::dbus_bridge {

namespace {

constexpr unsigned form_of_records = 1;

std::string from_environment(const char* variable, const char* otherwise) {
  const char* value = std::getenv(variable);
  return value == nullptr || *value == '\0' ? otherwise : value;
}

std::string system_address() {
  return from_environment("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/run/dbus/system_bus_socket");
}
std::string session_address() { return from_environment("DBUS_SESSION_BUS_ADDRESS", ""); }

} // namespace

DbusBridge::DbusBridge(bridge::Services services, const Options& options)
    : warnings_{services.warnings},
      unreadable_{services.loop, [](const std::string& text) { spdlog::warn("{}", text); }},
      memory_{services.loop, services.emitter, services.own_directory, "dbus-bridge", form_of_records},
      wanted_{{.preset = options.session ? Bus::session : Bus::system, .bus_name = options.bus_name}, options.always},
      system_{services.loop, "system bus", system_address(), events_of(Bus::system)},
      session_{services.loop, "session bus", session_address(), events_of(Bus::session)} {
  ask_buses();
}

bridge::BusListener::Events DbusBridge::events_of(Bus bus) {
  return {.signal = [this, bus](auto* message) { received(bus, message); },
          .owner = [this, bus](const auto& name, const auto& owner) { wanted_.owner_changed(bus, name, owner); },
          .gone = [this, bus] { wanted_.bus_gone(bus); }};
}

void DbusBridge::jobs_changed(const bridge::ConditionsUpdate& update) {
  warnings_.tell(wanted_.jobs_changed(update));
  ask_buses();
}

void DbusBridge::ask_buses() {
  auto ask = [this](bridge::BusListener& listener, Bus bus) {
    const auto& [rules, names] = wanted_.wishes(bus);
    listener.want(rules | std::views::keys | std::ranges::to<std::set>(), names);
  };
  ask(system_, Bus::system);
  ask(session_, Bus::session);
  if (!wanted_.wishes(Bus::session).empty() && session_address().empty())
    spdlog::warn("DBUS_SESSION_BUS_ADDRESS is not set: signals of the session bus make no events");
}

// Kept until the broker has it: the bus does not send it again.
void DbusBridge::received(Bus bus, sd_bus_message* message) {
  auto signal = signal_of(message);
  if (!signal) {
    auto text = [](const char* part) { return part == nullptr ? "?" : part; };
    return unreadable_.tell(std::format("signal {}.{} of {} on the {} bus cannot be read and makes no event",
                                        text(sd_bus_message_get_interface(message)),
                                        text(sd_bus_message_get_member(message)),
                                        text(sd_bus_message_get_sender(message)), name_of(bus)));
  }
  for (auto& environment : wanted_.events_of(bus, *signal)) {
    spdlog::info("signal {}.{} of {} on the {} bus; emitting the event {}", signal->interface, signal->member,
                 signal->sender, name_of(bus), event_name);
    memory_.emit(event_name, std::move(environment));
  }
}

std::vector<bridge::Watch> DbusBridge::watches() const {
  std::vector<bridge::Watch> watches;
  for (auto bus : {Bus::session, Bus::system}) // sorted
    for (const auto& [rule, jobs] : wanted_.wishes(bus).rules) {
      auto [state, since] = (bus == Bus::system ? system_ : session_).state(rule);
      watches.push_back({.what = std::format("{} bus: {}", name_of(bus), rule),
                         .state = memory_.with_losses(state == "listening" ? "watched" : state),
                         .since = since,
                         .jobs = {jobs.begin(), jobs.end()}});
    }
  return watches;
}

} // namespace upstart::dbus_bridge
