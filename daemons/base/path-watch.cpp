#include "daemons/base/path-watch.hpp"

#include <sys/inotify.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>

namespace upstart::base {

PathWatch::PathWatch(EventLoop& loop, std::filesystem::path path, std::function<void()> happened, Told told)
    : path_{std::move(path)},
      happened_{std::move(happened)},
      told_{told},
      inotify_{::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)} {
  if (!inotify_) return;
  watch_nearest();
  watcher_ = std::make_unique<FdWatcher>(loop, inotify_.get(), [this](unsigned) { read(); });
  watcher_->watch(FdWatcher::readable);
}

int PathWatch::add(const std::filesystem::path& directory) const {
  constexpr unsigned appearance = IN_CREATE | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
  constexpr unsigned others = IN_CLOSE_WRITE | IN_MOVED_FROM | IN_DELETE;
  return ::inotify_add_watch(inotify_.get(), directory.c_str(),
                             told_ == Told::appearance ? appearance : appearance | others);
}

// A directory that is made just before the one above it is watched would not be told of: so that is looked at after.
void PathWatch::watch_nearest() {
  auto before = watch_;
  for (auto place = path_;;) {
    auto directory = place.parent_path();
    watch_ = add(directory);
    bool is_missing = watch_ < 0 && (errno == ENOENT || errno == ENOTDIR);
    std::error_code error;
    if (is_missing && directory.has_relative_path()) place = directory;
    else if (watch_ >= 0 && place != path_ && std::filesystem::is_directory(place, error)) place = path_;
    else {
      awaited_ = place.filename();
      break;
    }
  }
  if (before >= 0 && before != watch_) ::inotify_rm_watch(inotify_.get(), before);
}

void PathWatch::read() {
  alignas(inotify_event) std::array<char, 4096> buffer{};
  bool is_it = false;
  for (ssize_t got = 0; (got = ::read(inotify_.get(), buffer.data(), buffer.size())) > 0;)
    for (ssize_t place = 0; place < got;) {
      inotify_event event{};
      const char* begin = buffer.data() + place;
      std::memcpy(&event, begin, sizeof event);
      bool is_old = event.wd != watch_ && (event.mask & IN_Q_OVERFLOW) == 0; // of a watch that was given up
      bool is_other = event.len > 0 && awaited_ != begin + sizeof event;
      is_it = is_it || (!is_old && !is_other);
      place += static_cast<ssize_t>(sizeof event + event.len);
    }
  if (!is_it) return;
  watch_nearest();
  auto tell = happened_;
  tell();
}

} // namespace upstart::base
