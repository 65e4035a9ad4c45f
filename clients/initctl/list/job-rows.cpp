#include "clients/initctl/list/job-rows.hpp"

#include <nlohmann/json.hpp>

#include <fnmatch.h>

#include <algorithm>
#include <array>
#include <format>

namespace upstart::client {

namespace {

constexpr std::array all_conditions{JobCondition::running,  JobCondition::changing, JobCondition::failed,
                                    JobCondition::disabled, JobCondition::waiting,  JobCondition::unknown};

JobCondition condition_of(const protocol::InstanceSummary& instance) {
  return instance.goal == "start" && instance.state == "running" ? JobCondition::running : JobCondition::changing;
}

JobRow row_of(const protocol::JobSummary& job, const protocol::InstanceSummary& instance,
              const ProcessTable& processes) {
  JobRow row{.status = {.job = job.name, .instance = instance.name, .goal = instance.goal, .state = instance.state},
             .condition = condition_of(instance),
             .since = instance.since,
             .restarts = instance.respawns,
             .usage = {},
             .description = job.description,
             .failure = {}};
  std::vector<std::int32_t> pids;
  for (const auto& [name, pid] : instance.processes) {
    row.status.processes.push_back({name, pid});
    pids.push_back(pid);
  }
  row.usage = processes.usage_of(pids);
  return row;
}

// Of an instance that is not there; of the class, where it is not known which there were.
JobRow row_of(const protocol::JobSummary& job, const protocol::PastFailure* failure) {
  JobRow row{.status = {.job = job.name},
             .condition = job.is_manual ? JobCondition::disabled : JobCondition::waiting,
             .since = job.stopped_since,
             .restarts = job.respawns,
             .usage = {},
             .description = job.description,
             .failure = {}};
  if (failure == nullptr) return row;
  row.condition = JobCondition::failed;
  row.since = failure->time;
  row.failure = failure->text;
  if (!failure->instance.empty()) row.status.instance = failure->instance;
  return row;
}

} // namespace

std::string_view name_of(JobCondition condition) {
  switch (condition) {
  case JobCondition::running: return "running";
  case JobCondition::changing: return "changing";
  case JobCondition::failed: return "failed";
  case JobCondition::disabled: return "disabled";
  case JobCondition::waiting: return "waiting";
  case JobCondition::unknown: return "unknown";
  }
  return "";
}

std::vector<JobRow> rows_of(const std::vector<protocol::JobSummary>& jobs, const ProcessTable& processes) {
  std::vector<JobRow> rows;
  for (const auto& job : jobs) {
    for (const auto& instance : job.instances) rows.push_back(row_of(job, instance, processes));
    for (const auto& failure : job.failures)
      if (!std::ranges::contains(job.instances, failure.instance, &protocol::InstanceSummary::name))
        rows.push_back(row_of(job, &failure));
    if (job.instances.empty() && job.failures.empty()) rows.push_back(row_of(job, nullptr));
  }
  return rows;
}

bool RowFilter::accepts(const JobRow& row) const {
  auto matches = [&](const std::string& pattern) {
    return pattern == row.status.job || ::fnmatch(pattern.c_str(), row.status.job.c_str(), 0) == 0;
  };
  return (conditions.empty() || std::ranges::contains(conditions, row.condition)) &&
         (patterns.empty() || std::ranges::any_of(patterns, matches));
}

std::string counted(const std::vector<JobRow>& rows) {
  std::string text = std::format("{} {}", rows.size(), rows.size() == 1 ? "job" : "jobs");
  const char* before = ": ";
  for (auto condition : all_conditions) {
    auto count = std::ranges::count(rows, condition, &JobRow::condition);
    if (count == 0) continue;
    text += std::format("{}{} {}", before, count, name_of(condition));
    before = ", ";
  }
  return text;
}

Json to_json(const JobRow& row) {
  Json document = to_json(row.status);
  document["condition"] = name_of(row.condition);
  document["since"] = row.since == 0 ? Json{} : Json(row.since);
  document["restarts"] = row.restarts;
  document["memory"] = row.usage ? Json(row.usage->memory) : Json{};
  document["cpu"] = row.usage ? Json(row.usage->cpu.count()) : Json{};
  document["tasks"] = row.usage ? Json(row.usage->processes) : Json{};
  document["description"] = row.description;
  document["failure"] = row.failure.empty() ? Json{} : Json(row.failure);
  return document;
}

} // namespace upstart::client
