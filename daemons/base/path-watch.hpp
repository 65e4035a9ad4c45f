// Tells when a path may have appeared or, if that is asked for, changed or gone: watches the directory it is in, or, as
// long as that is missing, the nearest one above it that is there. What else happens in that directory is not told.
// Costs nothing while nothing happens.
#pragma once

#include "daemons/base/event-loop.hpp"
#include "daemons/base/file-descriptor.hpp"

#include <filesystem>
#include <memory>

namespace upstart::base {

class PathWatch {
public:
  enum class Told { appearance, every_change };

  // `happened` may destroy the watch.
  PathWatch(EventLoop& loop, std::filesystem::path path, std::function<void()> happened, Told told = Told::appearance);

  // False where the system has no watches left, or the directory may not be read: nothing will be told.
  [[nodiscard]] bool works() const { return watch_ >= 0; }

private:
  void read();
  void watch_nearest();
  [[nodiscard]] int add(const std::filesystem::path& directory) const;

  std::filesystem::path path_;
  std::function<void()> happened_;
  Told told_;
  FileDescriptor inotify_;
  int watch_ = -1;
  std::string awaited_; // in the directory that is watched
  std::unique_ptr<FdWatcher> watcher_;
};

} // namespace upstart::base
