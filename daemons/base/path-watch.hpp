// Tells when a path may have appeared: watches the directory it is in, or, as long as that is missing, the nearest one
// above it that is there. Costs nothing while nothing happens.
#pragma once

#include "daemons/base/event-loop.hpp"
#include "daemons/base/file-descriptor.hpp"

#include <filesystem>
#include <memory>

namespace upstart::base {

class PathWatch {
public:
  PathWatch(EventLoop& loop, std::filesystem::path path, std::function<void()> may_be_there);

  // False where the system has no watches left: nothing will be told.
  [[nodiscard]] bool works() const { return watch_ >= 0; }

private:
  void happened();
  void watch_nearest();

  std::filesystem::path path_;
  std::function<void()> may_be_there_;
  FileDescriptor inotify_;
  int watch_ = -1;
  std::unique_ptr<FdWatcher> watcher_;
};

} // namespace upstart::base
