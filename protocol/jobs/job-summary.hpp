// What a list of all jobs shows of each (ListJobs): plain values, and the JSON in which they travel. A reader of
// another version of these types refuses the text; whoever adds, removes or changes the meaning of a member raises
// `summary_version`.
#pragma once

#include "protocol/job-state.hpp"

namespace upstart::protocol {

inline constexpr int summary_version = 1;

struct InstanceSummary {
  std::string name = {};             // empty: the only one of a job without instances
  std::string goal = {}, state = {}; // start, stop; waiting, starting, … running, …
  std::int64_t since = 0;            // µs since the epoch, of the last thing that was decided about it; 0: unknown
  std::uint64_t respawns = 0;        // as far as they are remembered
  std::vector<ProcessState> processes = {}; // the main one first
  friend bool operator==(const InstanceSummary&, const InstanceSummary&) = default;
};

struct JobSummary {
  std::string name = {}, description = {};
  bool starts_by_events = false;  // it has a `start on`
  bool is_manual = false;         // `manual` in its override drops the `start on` of its file
  std::int64_t stopped_since = 0; // µs since the epoch: of the only instance, when its end was decided; 0: unknown
  std::uint64_t respawns = 0;     // of the only instance
  std::vector<InstanceSummary> instances = {}; // sorted by name
  std::vector<PastFailure> failures = {};      // sorted by instance
  friend bool operator==(const JobSummary&, const JobSummary&) = default;
};

// As one line of JSON. Bytes that are no UTF-8 become U+FFFD.
[[nodiscard]] std::string to_json(const std::vector<JobSummary>& jobs);
[[nodiscard]] std::expected<std::vector<JobSummary>, StateError> job_summaries_from_json(std::string_view text);

} // namespace upstart::protocol
