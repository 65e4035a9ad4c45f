// Watches directories with inotify: what happens to their entries; and, where one is missing, when it comes, whatever
// else is missing above it. A directory that is deleted, renamed or replaced together with any that it is in is
// noticed, too. One inotify instance; costs nothing while nothing happens. Owns no knowledge of files: it tells what
// was seen.
#pragma once

#include "daemons/base/event-loop.hpp"
#include "daemons/base/file-descriptor.hpp"

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>

namespace upstart::file_bridge {

class DirectoryWatches {
public:
  enum class Seen {
    made,      // the entry was made
    came,      // it was renamed to there
    gone,      // it was deleted, or renamed from there
    modified,  // something was written to it
    closed,    // whoever could write to it has closed it
    attribute, // its times have been changed, or whom it belongs to
  };
  struct Events {
    std::function<void(const std::string& path, Seen)> entry;    // of a directory that is wanted
    std::function<void(const std::string& directory)> directory; // one that is wanted came or went: compare
    std::function<void()> overflow;                              // some events are lost: compare everything
    std::function<void()> batch_done;                            // what was read at a time has been told
  };

  DirectoryWatches(base::EventLoop& loop, Events events);

  // Watches these directories and no others. What happens from the return of this on is told.
  void want(const std::set<std::string>& directories);
  // Why a wanted directory is not watched as it should be; empty: it is.
  [[nodiscard]] std::string fault_of(const std::string& directory) const;

private:
  struct Place { // a path at which there is a watch
    int watch = -1;
    std::set<std::string> wanted_by{}; // wanted directories: this one, or those below it
  };

  void read();
  void take(int watch, std::uint32_t mask, const std::string& name);
  void drop(const std::string& directory);
  // Watches the directory or, where it is missing, the nearest above it; and all above for their own disappearance.
  void follow(const std::string& directory);
  // The nearest directory that is there, now watched.
  [[nodiscard]] std::string add_nearest(const std::string& directory);
  [[nodiscard]] bool add(const std::string& path, std::uint32_t mask, const std::string& wanted);
  void again(const std::set<std::string>& directories);
  void forget_watch(int watch);

  Events events_;
  base::FileDescriptor inotify_;
  std::set<std::string> wanted_;
  std::map<std::string, std::string> faults_; // by wanted directory
  std::map<std::string, Place> places_;
  std::map<int, std::set<std::string>> paths_of_; // a watch may be of several paths, which are one directory
  std::optional<base::FdWatcher> watcher_;
};

} // namespace upstart::file_bridge
