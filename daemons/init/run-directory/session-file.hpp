// The file by which clients find a session: XDG_RUNTIME_DIR/upstart/sessions/PID.session.
#pragma once

#include <expected>
#include <string>

#include <sys/types.h>

namespace upstart::init {

class SessionFile {
public:
  // Appears whole or not at all. The error says what and why.
  [[nodiscard]] static std::expected<SessionFile, std::string> write(const std::string& runtime, pid_t pid,
                                                                     const std::string& address);

  // One that is there already, of this session.
  [[nodiscard]] static SessionFile taken_over(std::string path) { return SessionFile{std::move(path)}; }

  SessionFile(SessionFile&& other) noexcept : path_{std::move(other.path_)} { other.path_.clear(); }
  SessionFile& operator=(SessionFile&&) = delete;
  ~SessionFile();

  [[nodiscard]] const std::string& path() const { return path_; }

private:
  explicit SessionFile(std::string path) : path_{std::move(path)} {}

  std::string path_;
};

} // namespace upstart::init
