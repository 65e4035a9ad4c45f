// What init makes in the file system and takes away again: the run directory, where the daemons' sockets and what they
// must not forget are, and the session file, by which clients find a session.
#pragma once

#include "daemons/init/configuration/options.hpp"

#include <expected>
#include <optional>
#include <string>

#include <sys/types.h>

namespace upstart::init {

class RunDirectory {
public:
  struct Places {
    std::optional<std::string> runtime; // XDG_RUNTIME_DIR
    std::string temporary = "/tmp";
  };
  // Makes it, for this user alone; what a process of the same number may have left there goes first. A session without
  // XDG_RUNTIME_DIR, and one on the session bus only, gets a temporary directory.
  [[nodiscard]] static std::expected<RunDirectory, std::string> make(Mode mode, const Places& places, pid_t pid);

  RunDirectory(RunDirectory&& other) noexcept : path_{std::move(other.path_)} { other.path_.clear(); }
  RunDirectory& operator=(RunDirectory&&) = delete;
  ~RunDirectory();

  [[nodiscard]] const std::string& path() const { return path_; }

private:
  explicit RunDirectory(std::string path) : path_{std::move(path)} {}

  std::string path_;
};

class SessionFile {
public:
  // Appears whole or not at all. The error says what and why.
  [[nodiscard]] static std::expected<SessionFile, std::string> write(const std::string& runtime, pid_t pid,
                                                                     const std::string& address);

  SessionFile(SessionFile&& other) noexcept : path_{std::move(other.path_)} { other.path_.clear(); }
  SessionFile& operator=(SessionFile&&) = delete;
  ~SessionFile();

  [[nodiscard]] const std::string& path() const { return path_; }

private:
  explicit SessionFile(std::string path) : path_{std::move(path)} {}

  std::string path_;
};

} // namespace upstart::init
