// A list of jobs as rows, one for each instance and one for each job that has none: what state it is in, for people,
// and what is known of it besides. Pure: summaries and processes go in.
#pragma once

#include "clients/base/status.hpp"
#include "clients/initctl/list/process-usage.hpp"
#include "protocol/jobs/job-summary.hpp"

namespace upstart::client {

// What a person wants to tell apart.
enum class JobCondition : std::uint8_t {
  running,  // start/running
  changing, // on its way there, or to a stop
  failed,   // not there: its last run failed
  disabled, // not there: `manual` in its override keeps events from starting it
  waiting,  // not there, and nothing is wrong with that
  unknown,  // a System V service that does not say
};
[[nodiscard]] std::string_view name_of(JobCondition condition);

struct JobRow {
  InstanceStatus status;
  JobCondition condition = JobCondition::waiting;
  std::int64_t since = 0; // µs since the epoch; 0: unknown
  std::uint64_t restarts = 0;
  std::optional<Usage> usage; // nothing: no process of it can be seen
  std::string description;
  std::string failure; // how it failed
};

// In the order of the summaries.
[[nodiscard]] std::vector<JobRow> rows_of(const std::vector<protocol::JobSummary>& jobs, const ProcessTable& processes);

// Which rows are wanted; empty lists and no conditions: all.
struct RowFilter {
  std::vector<JobCondition> conditions;
  std::vector<std::string> patterns; // fnmatch(3), of the job's name
  [[nodiscard]] bool accepts(const JobRow& row) const;
};

// How many there are of each kind: "3 jobs: 1 running, 1 failed, 1 waiting".
[[nodiscard]] std::string counted(const std::vector<JobRow>& rows);

[[nodiscard]] Json to_json(const JobRow& row);

} // namespace upstart::client
