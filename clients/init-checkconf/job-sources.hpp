// The job files that a list of files and directories stands for, read the way the supervisor reads them: directories in
// order of precedence, an override on top of the class that its job file gives.
#pragma once

#include "daemons/job-supervisor/language/parse-job.hpp"

#include <optional>
#include <string>
#include <vector>

namespace upstart::client {

// One file, read and parsed.
struct CheckedFile {
  std::string path;
  std::string name; // of the job
  bool override = false;
  std::string text;
  supervisor::ParseResult result;

  [[nodiscard]] bool ok() const { return result.job_class != nullptr; }
};

// What could not be read, and why.
struct Unreadable {
  std::string path;
  std::string reason;
};

struct CheckedFiles {
  std::vector<CheckedFile> files; // sorted by path within each directory
  std::vector<Unreadable> unreadable;
};

[[nodiscard]] CheckedFiles check_all(const std::vector<std::string>& paths);

} // namespace upstart::client
