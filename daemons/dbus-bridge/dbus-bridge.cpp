#include "daemons/dbus-bridge/dbus-bridge.hpp"

#include "protocol/text.hpp"

#include <spdlog/spdlog.h>

#include <cstdlib>
#include <format>

namespace upstart::dbus_bridge {

namespace {

std::string from_environment(const char* variable, const char* otherwise) {
  const char* value = std::getenv(variable);
  return value == nullptr || *value == '\0' ? otherwise : value;
}

std::string system_address() {
  return from_environment("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/run/dbus/system_bus_socket");
}
std::string session_address() { return from_environment("DBUS_SESSION_BUS_ADDRESS", ""); }

std::string label(Bus bus, const std::string& rule) { return std::format("{}: {}", name_of(bus), rule); }

} // namespace

DbusBridge::DbusBridge(bridge::Services services, const Options& options)
    : services_{services},
      wanted_{{.preset = options.session ? Bus::session : Bus::system, .bus_name = options.bus_name}, options.always},
      system_{services.loop, Bus::system, system_address(), events_of(Bus::system)},
      session_{services.loop, Bus::session, session_address(), events_of(Bus::session)} {
  services_.object.serve([this](auto& connection, const auto& path) {
    return std::make_unique<DbusBridgeObject>(connection, path, [this] { return report(); });
  });
  ask_buses();
}

BusListener::Events DbusBridge::events_of(Bus bus) {
  return {.signal = [this, bus](const Signal& signal) { received(bus, signal); },
          .owner = [this, bus](const auto& name, const auto& owner) { wanted_.owner_changed(bus, name, owner); },
          .gone = [this, bus] { wanted_.bus_gone(bus); },
          .changed =
              [this, bus](const auto& rule, const auto& state) {
                services_.object.for_each<DbusBridgeObject>([&](auto& object) {
                  object.emitWatchedChanged(protocol::readable(label(bus, rule)), protocol::readable(state));
                });
              }};
}

void DbusBridge::jobs_changed(const bridge::ConditionsUpdate& update) {
  for (const auto& warning : wanted_.jobs_changed(update)) spdlog::warn("{}", warning);
  ask_buses();
}

void DbusBridge::ask_buses() {
  system_.want(wanted_.wishes(Bus::system));
  session_.want(wanted_.wishes(Bus::session));
  if (!wanted_.wishes(Bus::session).empty() && session_address().empty())
    spdlog::warn("DBUS_SESSION_BUS_ADDRESS is not set: signals of the session bus make no events");
}

// Kept while the broker is away: the bus does not send it again.
void DbusBridge::received(Bus bus, const Signal& signal) {
  for (auto& environment : wanted_.events_of(bus, signal)) {
    spdlog::info("signal {}.{} of {} on the {} bus; emitting the event {}", signal.interface, signal.member,
                 signal.sender, name_of(bus), event_name);
    services_.emitter.emit({.name = event_name, .environment = std::move(environment)}, [](bool) {});
  }
}

std::vector<RuleReport> DbusBridge::report() const {
  std::vector<RuleReport> reports;
  for (const auto* listener : {&system_, &session_}) {
    auto bus = listener == &system_ ? Bus::system : Bus::session;
    for (const auto& [rule, jobs] : wanted_.wishes(bus).rules)
      reports.push_back({label(bus, rule), {jobs.begin(), jobs.end()}, listener->state(rule)});
  }
  return reports;
}

} // namespace upstart::dbus_bridge
