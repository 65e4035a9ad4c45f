// The state of the jobs as values of protocol/job-state.hpp, for those who ask why a job is, or is not, running. Reads
// only; holds nothing.
#pragma once

#include "daemons/job-supervisor/jobs/jobs.hpp"
#include "protocol/job-state.hpp"
#include "protocol/jobs/job-summary.hpp"

#include <optional>
#include <string>
#include <vector>

namespace upstart::supervisor {

// Of one job (DescribeJob); nothing where there is none of that name.
[[nodiscard]] std::optional<protocol::JobState> job_state_of(const Jobs& jobs, const std::string& job);
// Of all jobs, sorted by name.
[[nodiscard]] protocol::SupervisorState state_of(const Jobs& jobs);

// What a list shows of each job, sorted by name (ListJobs).
[[nodiscard]] std::vector<protocol::JobSummary> summaries_of(const Jobs& jobs);

// A job that keeps an event from being finished (ListHolders).
struct EventHolder {
  std::string job, instance; // instance: empty for a job's `start on`
  std::string how;           // "start on", "stop on": has seen it and waits for more; GOAL/STATE: is on its way there
  friend bool operator==(const EventHolder&, const EventHolder&) = default;
};
[[nodiscard]] std::vector<EventHolder> holders_of(const Jobs& jobs, std::uint64_t event);

// A run of a job (ListRuns): what is known of its time.
struct JobRun {
  // Good until the jobs change.
  const std::string* job = nullptr;
  const std::string* instance = nullptr;
  const Run* run = nullptr;
  bool is_task = false;
};
// When the first supervisor of this init began.
[[nodiscard]] RunTime began(const Jobs& jobs);
// Those that are over and the present ones, in the order of the jobs' names, of each the oldest first.
[[nodiscard]] std::vector<JobRun> runs_of(const Jobs& jobs);

// The names and patterns of events that jobs say they emit, sorted, each once (ListEmits).
[[nodiscard]] std::vector<std::string> emitted_by_jobs(const Jobs& jobs);

} // namespace upstart::supervisor
