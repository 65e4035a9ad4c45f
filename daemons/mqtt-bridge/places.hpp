// The files of the bridge: where they are, and a watch on fleet.conf.
#pragma once

#include "daemons/base/event-loop.hpp"
#include "daemons/base/file-descriptor.hpp"

#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace upstart::mqtt_bridge {

// $XDG_STATE_HOME/upstart or ~/.local/state/upstart of a session, whose home directory this is; else /var/lib/upstart.
[[nodiscard]] std::string state_directory(const std::optional<std::string>& home);
[[nodiscard]] std::expected<std::string, std::string> content_of(const std::string& path);
// The first line of a file.
[[nodiscard]] std::expected<std::string, std::string> password_in(const std::string& path);
[[nodiscard]] std::string host_name();
// A text in the run directory that is of one life of the Upstart that it belongs to; made if it is not there. Empty
// where that cannot be.
[[nodiscard]] std::string life_of(const std::string& run_directory);

// Tells when a file may have another content, has come or gone. Its directory is watched; where that is missing, too,
// nothing is told.
class FileWatch {
public:
  FileWatch(base::EventLoop& loop, const std::string& path, std::function<void()> changed);

private:
  void happened();

  std::string name_;
  std::function<void()> changed_;
  base::FileDescriptor inotify_;
  std::unique_ptr<base::FdWatcher> watcher_;
};

} // namespace upstart::mqtt_bridge
