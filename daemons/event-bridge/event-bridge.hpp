// The bridge: asks the system bus for those events of the system's Upstart that jobs of this session name, and emits
// each as `:sys:NAME`.
#pragma once

#include "daemons/bridge/bridge.hpp"
#include "daemons/bridge/bus-listener.hpp"
#include "daemons/bridge/event-journal.hpp"

#include <map>
#include <set>
#include <string>

namespace upstart::event_bridge {

class EventBridge final : public bridge::Bridge {
public:
  explicit EventBridge(bridge::Services services);

  void jobs_changed(const bridge::ConditionsUpdate& update) override;
  [[nodiscard]] std::vector<bridge::Watch> watches() const override;

private:
  void received(sd_bus_message* message);
  void emit(const std::string& name, const std::vector<std::string>& environment);
  void ask_bus();

  bridge::ConditionWarnings& warnings_;
  bridge::EventJournal memory_;                         // of events that the broker does not have yet
  std::map<std::string, std::set<std::string>> by_job_; // the system's events that each job names
  std::map<std::string, std::set<std::string>> wanted_; // by event, the jobs
  std::string upstart_;                                 // the connection of the system's Upstart; empty: none
  bridge::BusListener listener_;
};

} // namespace upstart::event_bridge
