// What is said of a name that no job has: of the files that should make a job of it, and of jobs that may be meant.
// Each answer is a sentence without its full stop, and empty where there is nothing to say.
#pragma once

#include "daemons/job-supervisor/configuration/configuration.hpp"
#include "daemons/job-supervisor/jobs/tables/class-table.hpp"

#include <string>

namespace upstart::supervisor {

// A file in the directories of job files that cannot be read as a job, is called nearly right, or only overrides.
[[nodiscard]] std::string about_files_of(const std::string& job, const Configuration& configuration,
                                         const ClassTable& classes);
// The job whose file was named instead, one of that name in a directory below, or one that is spelt nearly so.
[[nodiscard]] std::string about_like_names(const std::string& job, const ClassTable& classes);

} // namespace upstart::supervisor
