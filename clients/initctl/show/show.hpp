// Gathers the details of jobs and prints them: what `initctl show` does, and `status -v` on a terminal.
#pragma once

#include "clients/initctl/jobs/subjects.hpp"

namespace upstart::client {

[[nodiscard]] Outcome show_jobs(Call& call);

} // namespace upstart::client
