#include "clients/initctl/explain/knowledge.hpp"

#include "clients/initctl/conditions/node-of-event.hpp"
#include "protocol/bridges.hpp"

#include <algorithm>

namespace upstart::client {

namespace {

void add_jobs_named_by(const std::vector<protocol::ConditionNode>& nodes, std::vector<std::string>& jobs) {
  for (const auto& node : nodes) {
    auto event = tree_of({node.words});
    auto job = event ? job_named_by(*event) : "";
    if (!job.empty() && !std::ranges::contains(jobs, job)) jobs.push_back(job);
  }
}

} // namespace

std::vector<std::string> jobs_named_by(const protocol::JobState& job) {
  std::vector<std::string> jobs;
  add_jobs_named_by(job.start_on, jobs);
  for (const auto& instance : job.instances) add_jobs_named_by(instance.stop_on, jobs);
  return jobs;
}

bool names_event_of_bridge(const protocol::JobState& job) {
  auto is_of_bridge = [](const protocol::ConditionNode& node) {
    return protocol::bridge_of_event(node.words.front()).has_value() || std::ranges::any_of(node.words, names_node);
  };
  return std::ranges::any_of(job.start_on, is_of_bridge) || std::ranges::any_of(job.instances, [&](const auto& one) {
           return std::ranges::any_of(one.stop_on, is_of_bridge);
         });
}

const PastEvent* own_pending_event(const std::string& job, const protocol::InstanceState& instance,
                                   const std::vector<PastEvent>& history) {
  for (const auto& past : history | newest_first)
    if (past.outcome == "pending" && past.name == instance.state && is_of_instance(past, job, instance.name))
      return &past;
  return nullptr;
}

std::vector<std::uint64_t> own_pending_events(const protocol::JobState& job, const std::vector<PastEvent>& history) {
  std::vector<std::uint64_t> ids;
  for (const auto& instance : job.instances)
    if (const auto* event = own_pending_event(job.name, instance, history)) ids.push_back(event->id);
  return ids;
}

} // namespace upstart::client
