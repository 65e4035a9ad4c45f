#include "daemons/socket-bridge/sockets/file-watch.hpp"

#include <spdlog/spdlog.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace upstart::socket_bridge {

namespace {

std::string directory_of(const std::string& path) { return path.substr(0, std::max<std::size_t>(path.rfind('/'), 1)); }

} // namespace

base::FileDescriptor FileWatch::make_inotify() {
  return base::FileDescriptor{::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)};
}

FileWatch::FileWatch(base::EventLoop& loop, std::function<void(const SocketAddress&)> may_be_gone,
                     base::FileDescriptor inotify)
    : inotify_{std::move(inotify)}, may_be_gone_{std::move(may_be_gone)} {
  if (!inotify_) {
    spdlog::warn("unable to watch the files of sockets: {}{}; one that is removed is only noticed when its job "
                 "stops",
                 std::strerror(errno), errno == EMFILE ? "; raise the sysctl fs.inotify.max_user_instances" : "");
    return;
  }
  watcher_.emplace(loop, inotify_.get(), [this](unsigned) { collect(); });
  watcher_->watch(base::FdWatcher::readable);
}

// A file that is removed while the socket is open loses its last name, which is a change of its attributes.
void FileWatch::watch(const SocketAddress& address) {
  if (!watcher_) return;
  add(address.path, IN_ATTRIB | IN_MOVE_SELF | IN_DELETE_SELF | IN_DONT_FOLLOW | IN_MASK_ADD, address);
  add(directory_of(address.path), IN_MOVE_SELF | IN_DELETE_SELF | IN_ONLYDIR | IN_MASK_ADD, address);
}

void FileWatch::add(const std::string& path, std::uint32_t events, const SocketAddress& address) {
  int number = ::inotify_add_watch(inotify_.get(), path.c_str(), events);
  if (number >= 0) watches_[number].insert(address);
}

void FileWatch::unwatch(const SocketAddress& address) {
  for (auto place = watches_.begin(); place != watches_.end();) {
    auto& [number, addresses] = *place;
    if (addresses.erase(address) > 0 && addresses.empty()) {
      ::inotify_rm_watch(inotify_.get(), number);
      place = watches_.erase(place);
    } else ++place;
  }
}

void FileWatch::collect() {
  alignas(inotify_event) std::array<char, 4096> buffer{};
  std::set<SocketAddress> concerned;
  for (ssize_t size = 0; (size = ::read(inotify_.get(), buffer.data(), buffer.size())) > 0;)
    for (std::size_t at = 0; at < static_cast<std::size_t>(size);) {
      inotify_event event{};
      std::memcpy(&event, &buffer[at], sizeof event);
      at += sizeof event + event.len;
      if (auto found = watches_.find(event.wd); found != watches_.end()) {
        concerned.insert(found->second.begin(), found->second.end());
        if ((event.mask & IN_IGNORED) != 0) watches_.erase(found);
      }
    }
  for (const auto& address : concerned) may_be_gone_(address);
}

} // namespace upstart::socket_bridge
