#include "daemons/job-supervisor/jobs/core/pending-effects.hpp"

namespace upstart::supervisor {

std::optional<record::Spawn> spawn_in(const Outgoing& outgoing) {
  const auto* of_job = std::get_if<outgoing::OfJob>(&outgoing);
  const auto* spawn = of_job != nullptr ? std::get_if<effect::Spawn>(&of_job->effect) : nullptr;
  if (spawn == nullptr) return std::nullopt;
  return record::Spawn{.job = of_job->job->id(), .process = spawn->process};
}

void PendingEffects::look_at(const std::vector<Outgoing>& list) {
  for (; seen_ < list.size(); ++seen_) {
    const auto* of_job = std::get_if<outgoing::OfJob>(&list[seen_]);
    if (of_job == nullptr) continue;
    if (std::holds_alternative<effect::Spawn>(of_job->effect)) spawns_.push_back(seen_);
    else if (record::is_operation(of_job->effect)) operations_[of_job->job->id()].push_back(seen_);
  }
}

const PendingEffects::Places* PendingEffects::operations_of(JobId job) const {
  auto found = operations_.find(job);
  return found == operations_.end() ? nullptr : &found->second;
}

} // namespace upstart::supervisor
