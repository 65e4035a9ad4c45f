#include "clients/initctl/explain/unknown-job.hpp"

#include "daemons/base/values/suggestions.hpp"

#include <filesystem>
#include <format>

namespace upstart::client {

std::string kind_of_file(const std::string& path) {
  using enum std::filesystem::file_type;
  std::error_code error;
  bool is_hidden = std::string_view{path}.substr(path.rfind('/') + 1).starts_with('.');
  switch (std::filesystem::status(path, error).type()) {
  case none:
  case not_found: return std::filesystem::is_symlink(path, error) ? "is a link to a file that is not there" : "";
  case regular: return is_hidden ? "is hidden (its name begins with a dot), so it is passed over" : "regular";
  case directory: return "is a directory";
  case fifo: return "is a FIFO";
  case socket: return "is a socket";
  case block:
  case character: return "is a device";
  case symlink:
  case unknown: break;
  }
  return "is not a regular file";
}

std::string unknown_job(const std::string& job, const std::vector<JobFileOf>& jobs,
                        const std::function<std::string(const std::string& path)>& kind_of) {
  auto text = std::format("Unknown job: {}", job);
  for (const auto& [other, file] : jobs) {
    auto ending = other + ".conf";
    if (!file.ends_with("/" + ending)) continue;
    auto missing = file.substr(0, file.size() - ending.size()) + job + ".conf";
    auto kind = kind_of(missing);
    if (kind == "regular")
      return std::format("{0}. There is a file {1}, but it gives no job: `init-checkconf {1}' says why.", text,
                         missing);
    if (!kind.empty())
      return std::format("{}. There is {}, but it {}: a job file is a regular file.", text, missing, kind);
  }
  std::vector<std::string_view> names;
  for (const auto& other : jobs) names.emplace_back(other.job);
  auto like = base::near_miss(job, names);
  text += like.empty() ? "." : ": " + like;
  return text + " A file that cannot be read as a job gives none; `init-checkconf' says what is wrong with it.";
}

} // namespace upstart::client
