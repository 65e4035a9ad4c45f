// Explains why a job is, or is not, running. Pure: what is known goes in, an explanation comes out.
#pragma once

#include "clients/initctl/explain/explanation.hpp"
#include "clients/initctl/explain/knowledge.hpp"

namespace upstart::client {

[[nodiscard]] Explanation explain(const protocol::JobState& state, const Knowledge& knowledge);

} // namespace upstart::client
