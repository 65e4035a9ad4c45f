// From the state of jobs as the supervisor tells it to lines of the table. Pure.
#pragma once

#include "clients/top/model/model.hpp"
#include "protocol/job-state.hpp"

namespace upstart::top {

// One line for each instance; one for a job without any.
[[nodiscard]] std::vector<JobLine> lines_of(const protocol::JobState& job);

} // namespace upstart::top
