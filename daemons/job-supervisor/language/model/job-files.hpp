// Which files of a configuration directory are job files, and what they are called: init(5), "Names". Pure: works
// on paths alone; the caller has made sure that it is a regular file.
#pragma once

#include "daemons/job-supervisor/language/model/dialect.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace upstart::supervisor {

// The dialect of a directory's files: that of 0.3 if its last part is "event.d".
[[nodiscard]] Dialect dialect_of_directory(std::string_view directory);

// A file or directory that is hidden, a backup, or what a package manager left behind. `name` is its last part.
[[nodiscard]] bool is_ignored_name(std::string_view name);

struct JobFile {
  enum class Kind : std::uint8_t { job, override };
  std::string name; // of the job: "net/apache"
  Kind kind = Kind::job;
  friend bool operator==(const JobFile&, const JobFile&) = default;
};

// What a plain file is, by its path below the configuration directory ("net/apache.conf"); nothing for one that is
// ignored, or that lies in a directory that is ignored.
[[nodiscard]] std::optional<JobFile> job_file(std::string_view path_below, Dialect dialect);

} // namespace upstart::supervisor
