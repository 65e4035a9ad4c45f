// A run of a System V script: in the root directory, in the plain environment that it has at boot.
#pragma once

#include "daemons/base/file-descriptor.hpp"

#include <sys/types.h>

#include <chrono>
#include <expected>
#include <optional>
#include <string>
#include <vector>

namespace upstart::client {

class ScriptProcess {
public:
  enum class Streams : bool { none, of_this_process };
  // The error is errno. `variables` come after PATH, TERM and the language.
  [[nodiscard]] static std::expected<ScriptProcess, int> start(const std::string& script, const std::string& argument,
                                                               const std::vector<std::string>& variables,
                                                               Streams streams);
  ScriptProcess(ScriptProcess&& other) noexcept;
  ScriptProcess& operator=(ScriptProcess&&) = delete;
  ~ScriptProcess(); // ends it, if it has not been waited for

  // Its wait status.
  [[nodiscard]] int wait();
  // The same; nothing if it takes longer.
  [[nodiscard]] std::optional<int> wait_for(std::chrono::milliseconds time);

private:
  ScriptProcess(pid_t pid, base::FileDescriptor descriptor) : pid_{pid}, descriptor_{std::move(descriptor)} {}

  pid_t pid_ = 0;                   // 0: it has been waited for
  base::FileDescriptor descriptor_; // of the process
};

} // namespace upstart::client
