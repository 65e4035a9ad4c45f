// Why a job is, or is not, running. Pure: from what the supervisor holds, what the broker remembers and which events
// can come at all, to an explanation as a value; then to text and JSON.
#pragma once

#include "clients/initctl/conditions/possible-events.hpp"
#include "clients/initctl/explain/supervisor-state.hpp"
#include "clients/initctl/history/broker.hpp"

#include <optional>

namespace upstart::client {

// One event that a condition names.
struct EventFinding {
  std::string event; // as written: "started db K=v"
  bool seen = false;
  std::optional<PastEvent> by; // the event that was seen, as far as it is remembered
  bool can_come = true;        // false: nobody emits it
  std::string remark;          // why it was not seen
};

struct ConditionFinding {
  std::string written; // empty: there is no such condition
  std::vector<EventFinding> events;
  bool can_come_true = true;
};

struct InstanceFinding {
  InstanceStatus status;
  std::string cause;                    // what started it: "the events a b", "a command"
  std::optional<PastEvent> last_change; // the last event of its life
  std::string waits_for;                // what it needs to get on; empty: nothing
  std::vector<std::string> blocked_by;  // who holds that up
  std::vector<std::string> blocks;      // what waits for this job
  std::string says;                     // its main process, of itself; empty: nothing
  std::vector<std::string> passed_over; // what went wrong without failing it
  ConditionFinding stop_on;
};

struct FailureFinding {
  PastEvent event;  // stopping or stopped, with RESULT=failed
  std::string text; // "process main ended with status 7"
};

struct LogTail {
  std::string path;
  std::vector<std::string> lines;
};

struct Explanation {
  std::string job, file, verdict;
  ConditionFinding start_on;
  std::vector<InstanceFinding> instances;
  std::optional<FailureFinding> last_failure;
  bool replaced_by_newer = false;
  std::optional<LogTail> log; // filled by whoever can read it
  bool file_gone = false;
};

struct Knowledge {
  const std::vector<ClassState>& classes;
  const std::vector<PastEvent>& history; // oldest first
  const PossibleEvents& possible;
};

[[nodiscard]] Explanation explain(const ClassState& state, const Knowledge& knowledge);

// The answer for a job that is not there: a name that may be meant, and where to look. `jobs` are those that are there.
struct JobFileOf {
  std::string job, file;
};
[[nodiscard]] std::string no_such_job(const std::string& job, const std::vector<JobFileOf>& jobs,
                                      const std::function<bool(const std::string& path)>& exists);

[[nodiscard]] std::string to_text(const Explanation& explanation);
[[nodiscard]] Json to_json(const Explanation& explanation);

// Why an event does not match the arguments of a condition: the first argument that does not; nothing if it matches, or
// if that depends on variables of the job.
[[nodiscard]] std::optional<std::string> mismatch(const Condition& condition,
                                                  const std::vector<std::string>& environment);

} // namespace upstart::client
