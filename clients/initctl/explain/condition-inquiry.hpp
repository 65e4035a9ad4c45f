// What became of the events that a condition of a job names: which were seen, and of the others why not. Pure.
#pragma once

#include "clients/initctl/explain/explanation.hpp"
#include "clients/initctl/explain/knowledge.hpp"

namespace upstart::client {

// `nodes` is the start on of the job, or the stop on of one of its instances.
[[nodiscard]] ConditionFinding look_at(const std::vector<protocol::ConditionNode>& nodes, const protocol::JobState& job,
                                       const Knowledge& knowledge);

// Why an event does not match the arguments of a condition: the first argument that does not; nothing if it matches, or
// if that depends on variables of the job.
[[nodiscard]] std::optional<std::string> mismatch(const Condition& condition,
                                                  const std::vector<std::string>& environment);

} // namespace upstart::client
