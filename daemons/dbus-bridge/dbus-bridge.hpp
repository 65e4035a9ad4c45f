// The bridge: gives the core the conditions of jobs and the signals of the buses, asks the buses for what it wants, and
// emits.
#pragma once

#include "daemons/base/repeated-message.hpp"
#include "daemons/bridge/bridge.hpp"
#include "daemons/bridge/bus-listener.hpp"
#include "daemons/bridge/event-journal.hpp"
#include "daemons/dbus-bridge/core/wanted-signals.hpp"

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
  [[nodiscard]] std::vector<bridge::Watch> watches() const override;

private:
  [[nodiscard]] bridge::BusListener::Events events_of(Bus bus);
  void received(Bus bus, sd_bus_message* message);
  void ask_buses();

  bridge::ConditionWarnings& warnings_;
  base::RepeatedMessage unreadable_;
  bridge::EventJournal memory_; // of events that the broker does not have yet
  WantedSignals wanted_;
  bridge::BusListener system_, session_;
};

} // namespace upstart::dbus_bridge
