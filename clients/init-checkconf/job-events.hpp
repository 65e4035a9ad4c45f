// The conditions on the events of other jobs' lives, where those jobs are among the files: a variable that such an
// event does not have is warned of.
#pragma once

#include "clients/init-checkconf/job-sources.hpp"

namespace upstart::client {

void check_job_events(CheckedFiles& checked);

} // namespace upstart::client
