// The run directory, where the daemons' sockets and what they must not forget are: made by init and taken away again. A
// session whose init and daemons were killed together leaves it behind; the next init of the same user with the same
// configuration takes it over while jobs of that session run, and so goes on with the session.
#pragma once

#include "daemons/base/program/run-directory-lock.hpp"
#include "daemons/init/configuration/options.hpp"
#include "daemons/init/run-directory/session-record.hpp"

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
  // Makes it, for this user alone; what the dead left behind goes first, or is taken over. A session without
  // XDG_RUNTIME_DIR, and one on the session bus only, gets a temporary directory. `own` tells who makes it.
  [[nodiscard]] static std::expected<RunDirectory, std::string> make(Mode mode, const Places& places,
                                                                     const SessionRecord& own);

  // Of an init that was executed anew: as it is, with its lock (or -1).
  [[nodiscard]] static RunDirectory taken_over(std::string path, int lock);

  RunDirectory(RunDirectory&& other) noexcept
      : path_{std::move(other.path_)}, lock_{std::move(other.lock_)}, left_by_{std::move(other.left_by_)} {
    other.path_.clear();
  }
  RunDirectory& operator=(RunDirectory&&) = delete;
  ~RunDirectory();

  [[nodiscard]] const std::string& path() const { return path_; }
  // The descriptor of the lock; -1: there is none.
  [[nodiscard]] int lock() const { return lock_ ? lock_->fd() : -1; }
  // The session that is gone on with; nothing: this one is new.
  [[nodiscard]] const std::optional<SessionRecord>& left_by() const { return left_by_; }
  // From now on daemons may be started.
  void admit_daemons();

private:
  explicit RunDirectory(std::string path) : path_{std::move(path)} {}
  [[nodiscard]] static std::expected<RunDirectory, std::string> make_in(const std::string& parent,
                                                                        const SessionRecord& own);
  [[nodiscard]] std::expected<RunDirectory, std::string> locked() &&;

  std::string path_;
  std::optional<base::RunDirectoryLock> lock_;
  std::optional<SessionRecord> left_by_;
};

} // namespace upstart::init
