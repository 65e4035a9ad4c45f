// The bridge: gives the core the conditions of jobs and the signals of the buses, asks the buses for what it wants, and
// emits.
#pragma once

#include "daemons/bridge/bridge.hpp"
#include "daemons/dbus-bridge/bus-listener.hpp"
#include "daemons/dbus-bridge/core/wanted-signals.hpp"
#include "daemons/dbus-bridge/dbus-bridge-object.hpp"

namespace upstart::dbus_bridge {

struct Options {
  bool session = false; // conditions without BUS mean the session's bus
  bool always = false;
  std::string bus_name{};
};

class DbusBridge final : public bridge::Bridge {
public:
  DbusBridge(bridge::Services services, const Options& options);

  void jobs_changed(const bridge::ConditionsUpdate& update) override;

private:
  [[nodiscard]] BusListener::Events events_of(Bus bus);
  void received(Bus bus, const Signal& signal);
  [[nodiscard]] std::vector<RuleReport> report() const;
  void ask_buses();

  bridge::Services services_;
  WantedSignals wanted_;
  BusListener system_, session_;
};

} // namespace upstart::dbus_bridge
