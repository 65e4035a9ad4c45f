// The answer for a job that is not there: a name that may be meant, and where to look.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace upstart::client {

struct JobFileOf {
  std::string job, file;
};

// `jobs` are those that are there. `exists` says whether there is a file; such a file next to theirs gave no job.
[[nodiscard]] std::string unknown_job(const std::string& job, const std::vector<JobFileOf>& jobs,
                                      const std::function<bool(const std::string& path)>& exists);

} // namespace upstart::client
