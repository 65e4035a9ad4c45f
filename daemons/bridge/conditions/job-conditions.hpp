// The conditions of jobs as a bridge sees them: values. Of all that a job's `start on` and `stop on` say only the
// matches of events that the bridge emits are kept; how they are combined with others is the job supervisor's affair.
#pragma once

#include <compare>
#include <string>
#include <vector>

namespace upstart::bridge {

// An expression in postfix order, as the job supervisor gives it: [EVENT, ARGUMENT…], ["/AND"], ["/OR"].
using Expression = std::vector<std::vector<std::string>>;

// One match of an event: `EVENT ARGUMENT…`.
struct Match {
  std::string event;
  std::vector<std::string> arguments; // as the job file has them: KEY=VALUE, KEY!=VALUE or VALUE
  bool starts = false;                // it stands in start on, else in stop on
  friend auto operator<=>(const Match&, const Match&) = default;
};

// What a job asks of the bridge: at least one match.
struct JobConditions {
  std::string job;
  std::vector<Match> matches;
  friend bool operator==(const JobConditions&, const JobConditions&) = default;
};

struct JobActivity {
  std::string job;
  unsigned active = 0; // instances with the goal start, or not yet fully stopped
  friend bool operator==(const JobActivity&, const JobActivity&) = default;
};

// What has changed for the bridge since the update before; the first one is compared with no job at all.
struct ConditionsUpdate {
  std::vector<JobConditions> changed; // new, or other matches than before
  std::vector<std::string> gone;      // jobs that have no match any more
  std::vector<JobActivity> activity;
  friend bool operator==(const ConditionsUpdate&, const ConditionsUpdate&) = default;
};

// What is wrong with a match, for a message to whoever wrote the job.
struct ConditionFault {
  std::string variable; // as the job file has it
  std::string message;  // what is wrong and what would be right
};

// That a condition is not served, or not wholly, for the log. Where it stands is found by the match.
struct ConditionWarning {
  std::string job;
  Match match;
  std::string text; // names the job
  friend auto operator<=>(const ConditionWarning&, const ConditionWarning&) = default;
};

} // namespace upstart::bridge
