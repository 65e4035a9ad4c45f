// Tells when the file of a socket may have been removed or renamed: each file is watched by itself, and the directory
// that it lies in for its own renaming. Costs nothing while nothing happens to these; what else happens in the
// directory is not seen. A file system without inotify tells nothing, nor does a kernel that has no inotify left to
// give: that is logged once.
#pragma once

#include "daemons/base/event-loop.hpp"
#include "daemons/base/file-descriptor.hpp"
#include "daemons/socket-bridge/values/socket-address.hpp"

#include <functional>
#include <map>
#include <optional>
#include <set>

namespace upstart::socket_bridge {

class FileWatch {
public:
  // `inotify` is empty where there is none (errno says why): a warning, and nothing is watched.
  FileWatch(base::EventLoop& loop, std::function<void(const SocketAddress&)> may_be_gone,
            base::FileDescriptor inotify = make_inotify());
  [[nodiscard]] static base::FileDescriptor make_inotify();

  // The address has a file, which is there.
  void watch(const SocketAddress& address);
  void unwatch(const SocketAddress& address);

private:
  void add(const std::string& path, std::uint32_t events, const SocketAddress& address);
  void collect();

  base::FileDescriptor inotify_;
  std::function<void(const SocketAddress&)> may_be_gone_;
  std::map<int, std::set<SocketAddress>> watches_; // by inotify's number
  std::optional<base::FdWatcher> watcher_;         // empty: nothing can be watched
};

} // namespace upstart::socket_bridge
