#include "clients/initctl/explain/unknown-job.hpp"

#include "daemons/base/values/suggestions.hpp"

#include <format>

namespace upstart::client {

std::string unknown_job(const std::string& job, const std::vector<JobFileOf>& jobs,
                        const std::function<bool(const std::string& path)>& exists) {
  auto text = std::format("Unknown job: {}", job);
  for (const auto& [other, file] : jobs) {
    auto ending = other + ".conf";
    if (!file.ends_with("/" + ending)) continue;
    auto missing = file.substr(0, file.size() - ending.size()) + job + ".conf";
    if (exists(missing))
      return std::format("{0}. There is a file {1}, but it gives no job: `init-checkconf {1}' says why.", text,
                         missing);
  }
  std::vector<std::string_view> names;
  for (const auto& other : jobs) names.emplace_back(other.job);
  auto like = base::near_miss(job, names);
  text += like.empty() ? "." : ": " + like;
  return text + " A file that cannot be read as a job gives none; `init-checkconf' says what is wrong with it.";
}

} // namespace upstart::client
