// The answer for a job that is not there: a name that may be meant, and where to look.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace upstart::client {

struct JobFileOf {
  std::string job, file;
};

// What `path` is: empty if it is not there, "regular" for what can be a job file, else the rest of "it …".
[[nodiscard]] std::string kind_of_file(const std::string& path);

// `jobs` are those that are there. `kind_of` tells, as kind_of_file does, of files next to theirs, which gave no job.
[[nodiscard]] std::string unknown_job(const std::string& job, const std::vector<JobFileOf>& jobs,
                                      const std::function<std::string(const std::string& path)>& kind_of);

} // namespace upstart::client
