#include "daemons/file-bridge/watching/directory-watches.hpp"

#include "daemons/file-bridge/core/watched-files.hpp"

#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <format>
#include <stdexcept>

namespace upstart::file_bridge {

namespace {

constexpr std::uint32_t entries =
    IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_MODIFY | IN_CLOSE_WRITE | IN_ATTRIB;
constexpr std::uint32_t next_element = IN_CREATE | IN_MOVED_TO;
constexpr std::uint32_t own_end = IN_DELETE_SELF | IN_MOVE_SELF;

std::string why_not_watched(int error) {
  if (error == ENOSPC) return "the limit of inotify watches is reached; raise the sysctl fs.inotify.max_user_watches";
  return std::strerror(error);
}

bool is_directory(const std::string& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

// The entry of `above` that is on the way to `path`.
std::string next_towards(const std::string& path, const std::string& above) {
  auto begin = path_in(above, "").size();
  return path.substr(0, path.find('/', begin));
}

} // namespace

DirectoryWatches::DirectoryWatches(base::EventLoop& loop, Events events)
    : events_{std::move(events)}, inotify_{::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)} {
  if (!inotify_)
    throw std::runtime_error(std::format("unable to watch files: {}{}", std::strerror(errno),
                                         errno == EMFILE ? "; raise the sysctl fs.inotify.max_user_instances" : ""));
  watcher_.emplace(loop, inotify_.get(), [this](unsigned) { read(); });
  watcher_->watch(base::FdWatcher::readable);
}

void DirectoryWatches::want(const std::set<std::string>& directories) {
  std::set<std::string> old;
  std::ranges::set_difference(wanted_, directories, std::inserter(old, old.end()));
  for (const auto& directory : old) {
    wanted_.erase(directory);
    faults_.erase(directory);
    drop(directory);
  }
  for (const auto& directory : directories)
    if (wanted_.insert(directory).second) follow(directory);
}

std::string DirectoryWatches::fault_of(const std::string& directory) const {
  auto found = faults_.find(directory);
  return found == faults_.end() ? "" : found->second;
}

// What is missing may come while it is looked for: after the watch on the nearest directory that is there, the next
// element is looked for once more.
void DirectoryWatches::follow(const std::string& directory) {
  drop(directory);
  faults_.erase(directory);
  auto nearest = add_nearest(directory);
  while (nearest != directory && !faults_.contains(directory) && is_directory(next_towards(directory, nearest)))
    nearest = add_nearest(directory);
  for (auto above = nearest; above != "/";) {
    above = directory_of(above);
    (void)add(above, own_end, directory);
  }
}

std::string DirectoryWatches::add_nearest(const std::string& directory) {
  auto place = directory;
  while (!add(place, place == directory ? entries | own_end : next_element | own_end, directory) && place != "/")
    place = directory_of(place);
  return place;
}

bool DirectoryWatches::add(const std::string& path, std::uint32_t mask, const std::string& wanted) {
  int watch = ::inotify_add_watch(inotify_.get(), path.c_str(), mask | IN_ONLYDIR | IN_MASK_ADD);
  if (watch < 0) {
    if (errno != ENOENT && errno != ENOTDIR) faults_[wanted] = path + ": " + why_not_watched(errno);
    return false;
  }
  auto& place = places_[path];
  if (place.watch >= 0 && place.watch != watch) {
    ::inotify_rm_watch(inotify_.get(), place.watch);
    forget_watch(place.watch);
  }
  place.watch = watch;
  place.wanted_by.insert(wanted);
  paths_of_[watch].insert(path);
  return true;
}

void DirectoryWatches::drop(const std::string& directory) {
  for (auto path = directory;; path = directory_of(path)) {
    auto place = places_.find(path);
    if (place != places_.end() && place->second.wanted_by.erase(directory) > 0 && place->second.wanted_by.empty()) {
      auto watch = place->second.watch;
      places_.erase(place);
      if (auto paths = paths_of_.find(watch); paths != paths_of_.end()) {
        paths->second.erase(path);
        if (paths->second.empty()) {
          ::inotify_rm_watch(inotify_.get(), watch);
          paths_of_.erase(paths);
        }
      }
    }
    if (path == "/") return;
  }
}

// The kernel has removed it, or another has taken its place.
void DirectoryWatches::forget_watch(int watch) {
  auto paths = paths_of_.find(watch);
  if (paths == paths_of_.end()) return;
  for (const auto& path : paths->second)
    if (auto place = places_.find(path); place != places_.end() && place->second.watch == watch)
      place->second.watch = -1;
  paths_of_.erase(paths);
}

// A buffer at a time: whoever writes faster than this reads does not keep the loop from all else.
void DirectoryWatches::read() {
  alignas(inotify_event) std::array<char, 65536> buffer;
  auto length = ::read(inotify_.get(), buffer.data(), buffer.size());
  for (const char* at = buffer.data(); at < buffer.data() + length;) {
    const auto* event = reinterpret_cast<const inotify_event*>(at);
    at += sizeof(inotify_event) + event->len;
    take(event->wd, event->mask, event->len > 0 ? event->name : "");
  }
  events_.batch_done();
}

void DirectoryWatches::take(int watch, std::uint32_t mask, const std::string& name) {
  if ((mask & IN_Q_OVERFLOW) != 0) {
    again(std::set{wanted_});
    return events_.overflow();
  }
  auto found = paths_of_.find(watch);
  if (found == paths_of_.end()) return;
  auto paths = found->second;
  std::set<std::string> to_follow;
  for (const auto& path : paths) {
    auto place = places_.find(path);
    if (place == places_.end()) continue;
    bool ended = (mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED | IN_UNMOUNT)) != 0;
    bool next_came = (mask & next_element) != 0;
    for (const auto& wanted : place->second.wanted_by)
      if (ended || (next_came && wanted != path && (wanted + "/").starts_with(path_in(path, name) + "/")))
        to_follow.insert(wanted);
    if (ended || !wanted_.contains(path)) continue;
    auto entry = path_in(path, name);
    if ((mask & IN_CREATE) != 0) events_.entry(entry, Seen::made);
    if ((mask & IN_MOVED_TO) != 0) events_.entry(entry, Seen::came);
    if ((mask & (IN_DELETE | IN_MOVED_FROM)) != 0) events_.entry(entry, Seen::gone);
    if ((mask & IN_MODIFY) != 0) events_.entry(entry, Seen::modified);
    if ((mask & IN_CLOSE_WRITE) != 0) events_.entry(entry, Seen::closed);
    if ((mask & IN_ATTRIB) != 0 && !name.empty()) events_.entry(entry, Seen::attribute);
  }
  if ((mask & IN_IGNORED) != 0) forget_watch(watch);
  again(to_follow);
}

void DirectoryWatches::again(const std::set<std::string>& directories) {
  for (const auto& directory : directories) {
    if (!wanted_.contains(directory)) continue;
    follow(directory);
    events_.directory(directory);
  }
}

} // namespace upstart::file_bridge
