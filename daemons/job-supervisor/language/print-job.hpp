// A job class as the text of a job file, which parses to the same class again: in the dialect that it came in. Pure.
#pragma once

#include "daemons/job-supervisor/language/model/job-class.hpp"

#include <string>

namespace upstart::supervisor {

[[nodiscard]] std::string print(const JobClass& job);

} // namespace upstart::supervisor
