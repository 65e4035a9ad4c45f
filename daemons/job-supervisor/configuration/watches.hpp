// Turns inotify's events of directories into the places of configured directories that have to be examined again.
//
// A place is watched in two ways. `watch_entries`: it is a directory, and a change of an entry is reported as the
// place of that entry. `follow`: what its path leads to may come, go or be replaced anywhere on the way (a missing
// directory, a symbolic link and its target), and that is reported as the place itself.
#pragma once

#include "daemons/job-supervisor/configuration/inotify.hpp"

#include <map>
#include <optional>
#include <set>
#include <string_view>

namespace upstart::supervisor {

// A path below one of the configured directories, given by its index; empty: that directory itself.
struct Place {
  std::size_t directory = 0;
  std::string below;
  friend auto operator<=>(const Place&, const Place&) = default;
  [[nodiscard]] Place entry(std::string_view name) const;
  // True for other places below this one.
  [[nodiscard]] bool contains(const Place& other) const;
};

// Places to examine.
struct ChangedPlaces {
  std::set<Place> changed;
  std::set<Place> created; // new files, which may still be written
  bool everything = false; // the kernel has lost events: any place may have changed

  [[nodiscard]] bool empty() const { return changed.empty() && created.empty() && !everything; }
  void change(const Place& place);
  void create(const Place& place);
  void change_attributes(const Place& place); // no sign that its writer is done
};

class Watches {
public:
  // Without inotify nothing is ever reported.
  explicit Watches(std::optional<Inotify> inotify) : inotify_{std::move(inotify)} {}

  [[nodiscard]] int fd() const { return inotify_ ? inotify_->fd() : -1; }
  // The error is why changes in that directory are not noticed.
  [[nodiscard]] std::error_code watch_entries(const std::string& path, const Place& place);
  // An absolute path. The error is why it is not noticed when something is made there, or changed.
  [[nodiscard]] std::error_code follow(std::string_view path, const Place& place);
  void forget(const Place& place);
  void forget_below(const Place& place);

  [[nodiscard]] bool pending() const { return inotify_ && inotify_->pending(); }
  // Adds the changes since the last call.
  void take(ChangedPlaces& changes);

private:
  // Interests in one directory, by the name of the entry they are in.
  using Interests = std::multimap<std::string, Place, std::less<>>;
  struct Handle {
    int watch;
    Interests::iterator interest;
  };

  std::error_code add(const std::string& path, std::uint32_t mask, std::string name, const Place& place);
  void release(const Handle& handle);
  void add_changes(const Inotify::Event& event, const Interests& interests, ChangedPlaces& changes) const;
  void watch_removed(int watch, ChangedPlaces& changes);

  std::optional<Inotify> inotify_;
  std::map<int, Interests> watched_;
  std::map<Place, std::vector<Handle>> held_;
};

} // namespace upstart::supervisor
