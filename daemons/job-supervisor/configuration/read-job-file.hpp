// The text of a job file as it is on disk now.
#pragma once

#include "daemons/base/file-descriptor.hpp"
#include "daemons/job-supervisor/configuration/catalogue.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <optional>
#include <string>

namespace upstart::supervisor {

// Symbolic links are followed; what is not a regular file counts as missing, and the reason says what it is. Never
// waits for a writer. A file that is too large, or large and sparse, is refused without being read. Where this process
// is root's, and so runs jobs as root, a file that others than root may write, or whose directory they may write, is
// not read.
[[nodiscard]] std::expected<std::string, ReadFault> read_job_file(const std::string& path);

// The same for a file that somebody has named: a pipe or a character device, as /dev/stdin may be, is read to its end,
// and waited for.
[[nodiscard]] std::expected<std::string, ReadFault> read_named_job_file(const std::string& path);

// The same for many files, one after the other. The directory of the last one is kept open, and is looked at again, as
// is who may write it, only after `forget`: between two calls of that the files are read as if at one moment.
class JobFileReader {
public:
  [[nodiscard]] std::expected<std::string, ReadFault> read(const std::string& path);
  void forget() { directory_ = {}; }

private:
  struct Directory {
    std::string path; // with its slash; empty: the working directory
    base::FileDescriptor fd;
    std::optional<ReadFault> fault; // of each file in it
  };
  [[nodiscard]] const Directory& directory_of(const std::string& path);

  bool is_root_ = ::geteuid() == 0;
  std::optional<Directory> directory_;
};

// Why others than root may write what has this status, as "belongs to user 1000"; nothing where they may not. In a
// directory with the sticky bit they can make entries, and not replace those of others.
[[nodiscard]] std::optional<std::string> writable_by_others(const struct stat& status);

} // namespace upstart::supervisor
