#include "daemons/job-supervisor/configuration/watches.hpp"

#include "daemons/job-supervisor/language/model/job-files.hpp"

#include <sys/inotify.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <ranges>

namespace upstart::supervisor {

namespace {

constexpr std::uint32_t entry_added = IN_CREATE | IN_MOVED_TO;
constexpr std::uint32_t entry_removed = IN_DELETE | IN_MOVED_FROM;
constexpr std::uint32_t change = IN_CLOSE_WRITE | IN_ATTRIB;
constexpr std::uint32_t itself = IN_DELETE_SELF | IN_MOVE_SELF;
constexpr std::uint32_t lost = IN_IGNORED | IN_UNMOUNT;

// Keys of interests that are in no single entry: in all of them, in the directory itself. No entry can have these
// names.
constexpr std::string_view all_entries = "";
constexpr std::string_view directory_itself = ".";

constexpr int most_turns = 40; // links on one path, as the kernel has it

// A path on its way from "/" to what it leads to: `at` has no link in it any more, `ahead` are the parts to
// come.
struct Walk {
  std::string at = "/";
  std::vector<std::string> ahead; // the next one last

  explicit Walk(std::string_view path) { prepend(path); }
  void prepend(std::string_view path) {
    if (path.starts_with('/')) at = "/";
    while (!path.empty()) {
      auto part = path.substr(path.rfind('/') + 1);
      if (!part.empty() && part != ".") ahead.emplace_back(part);
      path.remove_suffix(std::min(path.size(), part.size() + 1));
    }
  }
  std::string take() {
    auto part = std::move(ahead.back());
    ahead.pop_back();
    return part;
  }
  [[nodiscard]] std::string to(std::string_view part) const {
    auto path = at == "/" ? at : at + '/';
    return path.append(part);
  }
  void up() { at = std::filesystem::path{at}.parent_path().string(); }
};

} // namespace

Place Place::entry(std::string_view name) const {
  return {.directory = directory, .below = below.empty() ? std::string{name} : (below + '/').append(name)};
}

bool Place::contains(const Place& other) const {
  if (directory != other.directory || other.below.size() <= below.size()) return false;
  return below.empty() || (other.below.starts_with(below) && other.below[below.size()] == '/');
}

void ChangedPlaces::change(const Place& place) {
  created.erase(place);
  changed.insert(place);
}

void ChangedPlaces::create(const Place& place) {
  changed.erase(place);
  created.insert(place);
}

void ChangedPlaces::change_attributes(const Place& place) {
  if (!created.contains(place)) changed.insert(place);
}

std::error_code Watches::watch_entries(const std::string& path, const Place& place) {
  return add(path, entry_added | entry_removed | change | IN_ONLYDIR, std::string{all_entries}, place);
}

std::error_code Watches::follow(std::string_view path, const Place& place) {
  Walk walk{path};
  for (int turns = 0; !walk.ahead.empty() && turns <= most_turns;) {
    auto part = walk.take();
    if (part == "..") {
      walk.up();
      continue;
    }
    auto next = walk.to(part);
    struct stat status{};
    if (::lstat(next.c_str(), &status) < 0) {
      auto error = add(walk.at, entry_added, part, place);
      if (error || ::lstat(next.c_str(), &status) < 0) return error;
      ++turns; // it came just before it was watched for
      walk.ahead.push_back(part);
      continue;
    }
    if (S_ISLNK(status.st_mode)) {
      if (auto error = add(walk.at, entry_added | entry_removed, part, place)) return error;
      std::error_code unreadable;
      auto target = std::filesystem::read_symlink(next, unreadable);
      if (unreadable) return unreadable;
      ++turns;
      walk.prepend(target.native());
    } else if (S_ISDIR(status.st_mode)) {
      // A directory that may not be read cannot be watched; its parent, if it can be, reports when that changes.
      if (add(next, itself, std::string{directory_itself}, place))
        (void)add(walk.at, entry_added | entry_removed | IN_ATTRIB, part, place);
      walk.at = next;
    } else {
      return add(walk.at, entry_added | entry_removed | change, part, place);
    }
  }
  return {};
}

std::error_code Watches::add(const std::string& path, std::uint32_t mask, std::string name, const Place& place) {
  if (!inotify_) return {};
  auto watch = inotify_->watch(path, mask);
  if (!watch) return watch.error();
  auto interest = watched_[*watch].emplace(std::move(name), place);
  held_[place].push_back({.watch = *watch, .interest = interest});
  return {};
}

void Watches::forget(const Place& place) {
  auto handles = held_.extract(place);
  if (handles.empty()) return;
  for (const auto& handle : handles.mapped()) release(handle);
}

void Watches::forget_below(const Place& place) {
  auto first_below = [&] {
    return place.below.empty() ? held_.upper_bound(place) : held_.lower_bound(place.entry(""));
  };
  for (auto held = first_below(); held != held_.end() && place.contains(held->first); held = first_below())
    forget(Place{held->first});
}

void Watches::release(const Handle& handle) {
  auto watched = watched_.find(handle.watch);
  watched->second.erase(handle.interest);
  if (!watched->second.empty()) return;
  inotify_->forget(handle.watch);
  watched_.erase(watched);
}

void Watches::take(ChangedPlaces& changes) {
  if (!inotify_) return;
  for (const auto& event : inotify_->take()) {
    if ((event.mask & IN_Q_OVERFLOW) != 0) changes.everything = true;
    auto watched = watched_.find(event.watch);
    if (watched == watched_.end()) continue;
    if ((event.mask & lost) != 0) watch_removed(event.watch, changes);
    else add_changes(event, watched->second, changes);
  }
}

void Watches::add_changes(const Inotify::Event& event, const Interests& interests, ChangedPlaces& changes) const {
  auto in = [&](std::string_view name) {
    auto [first, last] = interests.equal_range(name);
    return std::ranges::subrange{first, last} | std::views::values;
  };
  if ((event.mask & itself) != 0)
    for (const auto& place : in(directory_itself)) changes.change(place);
  if (event.name.empty()) return;
  for (const auto& place : in(event.name)) changes.change(place);
  if (is_ignored_name(event.name)) return;
  auto what = event.mask & (entry_added | entry_removed | change | IN_ISDIR);
  for (const auto& place : in(all_entries)) {
    auto entry = place.entry(event.name);
    if (what == IN_CREATE) changes.create(entry);
    else if (what == IN_ATTRIB) changes.change_attributes(entry);
    else changes.change(entry);
  }
}

// The kernel has removed the watch because the directory is gone: all places that had an interest are examined again,
// and watched anew.
void Watches::watch_removed(int watch, ChangedPlaces& changes) {
  std::set<Place> places;
  for (const auto& place : watched_.at(watch) | std::views::values) places.insert(place);
  for (const auto& place : places) {
    changes.change(place);
    forget(place);
  }
}

} // namespace upstart::supervisor
