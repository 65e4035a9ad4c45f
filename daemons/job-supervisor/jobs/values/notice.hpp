// What clients may want to know of the jobs, as values: each is told once, in the order in which it happens.
#pragma once

#include "daemons/job-supervisor/language/model/event-expression.hpp"
#include "daemons/job-supervisor/lifecycle/state.hpp"
#include "protocol/environment.hpp"

#include <string>
#include <variant>
#include <vector>

namespace upstart::supervisor {

namespace notice {

struct JobAdded {
  std::string job;
};
struct JobRemoved {
  std::string job;
};
struct InstanceAdded {
  std::string job, instance;
};
struct InstanceRemoved {
  std::string job, instance;
};
struct GoalChanged {
  std::string job, instance;
  Goal goal;
};
struct StateChanged {
  std::string job, instance;
  State state;
};
struct Failed {
  std::string job, instance;
  int status; // as the signal Failed has it
};
// An event has finished.
struct EventEmitted {
  std::string name;
  protocol::Environment environment;
  std::vector<std::string> as_given = {}; // where a key comes twice
};
// For bridges: the conditions of a job on an event that they watch; empty where it has none any more.
struct ConditionsChanged {
  std::string event, job;
  EventExpression start_on, stop_on;
};
// For bridges: how many instances there are of a job that has such conditions.
struct ActivityChanged {
  std::string job;
  std::size_t active;
};
// For init: which bridges the loaded jobs ask for has changed (names of protocol/bridges.hpp).
struct BridgesWanted {
  std::vector<std::string> bridges;
};
// For bridges: whether an instance of the job has, or is to get, the socket that is known by this text.
struct SocketHeld {
  std::string job, identity;
  bool held;
};
// All jobs have been stopped at the end of the session.
struct SessionEnded {};

} // namespace notice

using Notice = std::variant<notice::JobAdded, notice::JobRemoved, notice::InstanceAdded, notice::InstanceRemoved,
                            notice::GoalChanged, notice::StateChanged, notice::Failed, notice::EventEmitted,
                            notice::ConditionsChanged, notice::ActivityChanged, notice::SocketHeld,
                            notice::BridgesWanted, notice::SessionEnded>;

} // namespace upstart::supervisor
