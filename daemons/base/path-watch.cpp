#include "daemons/base/path-watch.hpp"

#include <sys/inotify.h>

#include <array>
#include <cerrno>

namespace upstart::base {

PathWatch::PathWatch(EventLoop& loop, std::filesystem::path path, std::function<void()> may_be_there)
    : path_{std::move(path)},
      may_be_there_{std::move(may_be_there)},
      inotify_{::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)} {
  if (!inotify_) return;
  watch_nearest();
  watcher_ = std::make_unique<FdWatcher>(loop, inotify_.get(), [this](unsigned) { happened(); });
  watcher_->watch(FdWatcher::readable);
}

void PathWatch::watch_nearest() {
  constexpr unsigned changes = IN_CREATE | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
  auto directory = path_.parent_path();
  while ((watch_ = ::inotify_add_watch(inotify_.get(), directory.c_str(), changes)) < 0 && errno == ENOENT &&
         directory.has_relative_path())
    directory = directory.parent_path();
}

void PathWatch::happened() {
  std::array<char, 4096> seen{};
  while (::read(inotify_.get(), seen.data(), seen.size()) > 0) {}
  if (watch_ >= 0) ::inotify_rm_watch(inotify_.get(), watch_);
  watch_nearest();
  may_be_there_();
}

} // namespace upstart::base
