#include "clients/initctl/explain/one-instance.hpp"

namespace upstart::client {

void keep_instance(protocol::JobState& job, const std::string& instance) {
  std::erase_if(job.instances, [&](const auto& each) { return each.name != instance; });
  std::erase_if(job.records, [&](const auto& record) { return record.instance != instance; });
  std::erase_if(job.failures, [&](const auto& failure) { return failure.instance != instance; });
}

void keep_instance(Knowledge& knowledge, const std::string& job, const std::string& instance) {
  std::erase_if(knowledge.history,
                [&](const auto& event) { return is_of_job(event, job) && !is_of_instance(event, job, instance); });
}

void name_instance(Explanation& explanation, const std::string& instance) {
  if (instance.empty() || !explanation.instances.empty() || !explanation.verdict.starts_with(explanation.job)) return;
  explanation.verdict.replace(0, explanation.job.size(), shown_name(explanation.job, instance));
}

} // namespace upstart::client
