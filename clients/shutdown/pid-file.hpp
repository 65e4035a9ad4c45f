// The file that says which shutdown is waiting. The lock on it counts, not its being there: what a shutdown that was
// killed has left stops nobody.
#pragma once

#include "daemons/base/file-descriptor.hpp"

#include <sys/types.h>

#include <expected>
#include <optional>
#include <string>
#include <system_error>

namespace upstart::client {

class PidFile {
public:
  // Locks the file, with the id of this process in it. The error: `resource_unavailable_try_again` where another
  // process has it, else what kept it from being written.
  [[nodiscard]] static std::expected<PidFile, std::error_code> take(const std::string& path);
  // The process that has it, if any.
  [[nodiscard]] static std::optional<pid_t> holder(const std::string& path);

  PidFile(PidFile&&) = default;
  PidFile& operator=(PidFile&&) = delete;
  ~PidFile();

private:
  PidFile(std::string path, base::FileDescriptor file) : path_{std::move(path)}, file_{std::move(file)} {}

  std::string path_;
  base::FileDescriptor file_;
};

} // namespace upstart::client
