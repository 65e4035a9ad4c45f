// What is known of the conditions of jobs on a bridge's events: takes what the job supervisor says, in any order and as
// often as it says it, and hands back what has changed. It outlives the connection: when the supervisor is back and
// says everything anew, only what differs from before is an update. Pure.
//
// Invariant: every job in it has a match. Nothing is handed back before the supervisor has answered for each event
// once, so that a bridge never takes "not known yet" for "not wanted".
//
// An event that is watched may be a pattern of names (protocol/event-pattern.hpp): a match has the name as the job has
// it. No name must fit two of them.
#pragma once

#include "daemons/bridge/conditions/job-conditions.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace upstart::bridge {

class ConditionStore {
public:
  // What the supervisor says of one job.
  struct Report {
    std::string job;
    Expression start_on;
    Expression stop_on;
    unsigned active = 0;
  };

  explicit ConditionStore(std::vector<std::string> events) : unanswered_{events.begin(), events.end()} {}

  // All jobs that name this event: those not among them no longer do.
  void take_all(const std::string& event, const std::vector<Report>& reports);
  // One job's conditions on this event are new, changed or, with both empty, gone.
  void take_change(const std::string& event, const std::string& job, const Expression& start_on,
                   const Expression& stop_on);
  // Of a job that is not in the store it is ignored.
  void take_activity(const std::string& job, unsigned active);

  // What has changed since this was called last; nothing if nothing has. The first time, an update also where no job
  // asks for anything.
  [[nodiscard]] std::optional<ConditionsUpdate> take_update();

private:
  struct Job {
    std::map<std::string, std::vector<Match>> matches; // by event
    unsigned active = 0;
  };

  void set_matches(const std::string& event, const std::string& job, std::vector<Match> matches);
  void set_active(const std::string& job, unsigned active);

  std::set<std::string> unanswered_; // events of which nothing is known yet
  bool first_update_ = true;
  std::map<std::string, Job> jobs_;
  std::set<std::string> changed_; // jobs whose matches have changed since the last update
  std::set<std::string> changed_activity_;
};

} // namespace upstart::bridge
