// Why a job is, or is not, running, as a value (explain.hpp makes it), and how it is shown: as text and as JSON.
#pragma once

#include "clients/base/status.hpp"
#include "clients/initctl/history/past-event.hpp"
#include "protocol/job-state.hpp"

#include <optional>

namespace upstart::client {

// One event that a condition names.
struct EventFinding {
  std::string event;              // as written: "started db K=v"
  std::vector<std::string> words; // the same, its parts, with $VARIABLES expanded as they are now
  bool seen = false;
  std::optional<PastEvent> by; // the event that was seen, as far as it is remembered
  bool can_come = true;        // false: nobody emits it
  std::string remark;          // why it was not seen
  std::string place = {};      // FILE:LINE of what can never come; filled by whoever can ask
};

struct ConditionFinding {
  std::string written; // empty: there is no such condition
  std::vector<EventFinding> events;
  bool can_come_true = true;
};

struct InstanceFinding {
  InstanceStatus status;
  std::string cause;                              // what started it: "the events a b", "a command"
  std::optional<PastEvent> last_change = {};      // the last event of its life
  std::string waits_for = {};                     // what it needs to get on; empty: nothing
  std::vector<std::string> blocked_by = {};       // who holds that up
  std::vector<std::string> blocks = {};           // what waits for this job
  std::string says = {};                          // its main process, of itself; empty: nothing
  std::vector<std::string> ignored_failures = {}; // of processes, which did not fail it
  ConditionFinding stop_on = {};
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
  std::vector<InstanceFinding> instances = {};
  std::optional<FailureFinding> last_failure = {};
  bool replaced_by_newer = false;
  std::optional<LogTail> log = {}; // filled by whoever can read it
  bool file_gone = false;
  std::string file_broken = {};                       // why it cannot be read as a job any more
  std::vector<std::string> warnings = {};             // about its processes, the newest last
  std::vector<protocol::JobRecordState> records = {}; // what was decided about it and why, the newest last
  std::string override_file = {}, manual_at = {};     // the override in force, and where its `manual` stands
  std::vector<std::string> file_faults = {};          // files of its name that are ignored, with the error in each
};

// What a job printed, without what would colour or confuse a terminal.
[[nodiscard]] std::string harmless(std::string_view line);

inline constexpr std::size_t explanation_width = 100; // where there is no terminal
[[nodiscard]] std::string to_text(const Explanation& explanation, std::size_t width = explanation_width);
[[nodiscard]] Json to_json(const Explanation& explanation);

} // namespace upstart::client
