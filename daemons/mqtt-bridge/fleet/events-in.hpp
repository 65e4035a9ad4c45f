// The events of other nodes: which of them are asked for, and what becomes of each that comes. Only what jobs ask for
// and the configuration accepts is subscribed to. What a job's pattern brings besides is ignored; what is sent to this
// node, or is no right event, is refused, and told.
#pragma once

#include "daemons/base/repeated-message.hpp"
#include "daemons/bridge/bridge.hpp"
#include "daemons/bridge/event-journal.hpp"
#include "daemons/mqtt-bridge/configuration/fleet-configuration.hpp"
#include "daemons/mqtt-bridge/core/inbox.hpp"
#include "daemons/mqtt-bridge/fleet/link.hpp"
#include "daemons/mqtt-bridge/messages/topics.hpp"

#include <set>

namespace upstart::mqtt_bridge {

class EventsIn {
public:
  struct World {
    base::EventLoop& loop;
    const Link& link;
    const Topics& topics;
    const FleetConfiguration& configuration;
    bridge::EventJournal& memory;
  };
  explicit EventsIn(World world);
  EventsIn(const EventsIn&) = delete;
  EventsIn& operator=(const EventsIn&) = delete;

  // Returns what cannot come.
  [[nodiscard]] std::vector<bridge::ConditionWarning> jobs_changed(const bridge::ConditionsUpdate& update);
  // The topic filters that are needed for it.
  void add_filters(std::map<std::string, Retained>& filters) const;
  void take(const Topic& topic, const Message& message);
  void add_watches(std::vector<bridge::Watch>& watches) const;

private:
  [[nodiscard]] std::string filter_of(const std::string& name) const;
  [[nodiscard]] bool is_of_interest(const Topic& topic) const;
  void forget_old();
  void refuse(const std::string& node, const std::string& why);
  [[nodiscard]] std::optional<std::string> fault(const Topic& topic, const EventMessage& event) const;
  void emit_waiting();
  void look_again();
  [[nodiscard]] static Monotonic clock();

  World world_;
  Inbox inbox_;
  std::map<std::string, std::set<std::string>> by_job_;    // names of events in its conditions
  std::map<std::string, std::set<std::string>> names_;     // that are accepted, and the jobs
  std::map<std::string, std::set<std::string>> of_others_; // that name a node, and are not accepted
  struct Refused {
    std::uint64_t count = 0;
    std::string why;
    std::chrono::system_clock::time_point last{};
  };
  std::map<std::string, Refused> refused_; // by node
  base::RepeatedMessage refusals_;
  base::Timer waiting_;
  Monotonic forgotten_ = clock(); // what is old
  std::chrono::system_clock::time_point since_ = std::chrono::system_clock::now();
};

} // namespace upstart::mqtt_bridge
