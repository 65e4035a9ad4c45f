#include "clients/top/upstart/job-lines.hpp"

namespace upstart::top {

namespace {

std::uint64_t respawns(const protocol::JobState& job, const std::string& instance) {
  std::uint64_t count = 0;
  for (const auto& record : job.records)
    if (record.kind == "respawned" && record.instance == instance) count += record.times;
  return count;
}

} // namespace

std::vector<JobLine> lines_of(const protocol::JobState& job) {
  std::vector<JobLine> lines;
  for (const auto& instance : job.instances) {
    JobLine line{.job = job.name,
                 .instance = instance.name,
                 .goal = instance.goal,
                 .state = instance.state,
                 .failed = instance.failure.has_value(),
                 .restarts = respawns(job, instance.name)};
    for (const auto& process : instance.processes) line.processes.push_back(process.pid);
    lines.push_back(std::move(line));
  }
  bool failed = job.spawn_failure || (!job.records.empty() && job.records.back().kind == "ended");
  if (lines.empty()) lines.push_back({.job = job.name, .failed = failed, .restarts = respawns(job, "")});
  return lines;
}

} // namespace upstart::top
