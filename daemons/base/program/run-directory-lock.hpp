// Who uses a run directory, told by locks on one file in it, which go with their process whatever ends it: init holds
// one part for as long as it lives, each of its daemons shares the other. A directory of which nobody holds any part
// was left by processes that are dead, also those of another process namespace, whose numbers say nothing here.
#pragma once

#include "daemons/base/file-descriptor.hpp"

#include <expected>
#include <string>

namespace upstart::base {

class RunDirectoryLock {
public:
  enum class Refusal {
    no_lock, // there is no lock file, or it cannot be opened or locked
    held,    // somebody holds the part that was wanted
  };

  // For init, of a directory it has just made: makes the lock file.
  [[nodiscard]] static std::expected<RunDirectoryLock, Refusal> make_for_init(const std::string& directory);
  // For an init that finds a directory: both parts, so that no daemon of the earlier init can be at work there.
  [[nodiscard]] static std::expected<RunDirectoryLock, Refusal> take_over(const std::string& directory);
  // Lets the daemons in again after `take_over`; init's part stays.
  void admit_daemons();
  // For an init that was executed anew with the lock's descriptor open.
  [[nodiscard]] static RunDirectoryLock taken_over(FileDescriptor file) { return RunDirectoryLock{std::move(file)}; }
  [[nodiscard]] int fd() const { return file_.get(); }
  // For a daemon. Without a lock file there is nothing to share.
  [[nodiscard]] static std::expected<RunDirectoryLock, Refusal> share(const std::string& directory);

private:
  explicit RunDirectoryLock(FileDescriptor file) : file_{std::move(file)} {}

  FileDescriptor file_;
};

} // namespace upstart::base
