#include "daemons/job-supervisor/configuration/directory-tree.hpp"

#include <dirent.h>

#include <algorithm>
#include <cerrno>
#include <memory>

namespace upstart::supervisor {

namespace {

constexpr unsigned most_linked_directories = 256;

struct Entry {
  std::string name;
  bool plain_file;
};

// The entries of a directory that may matter; the error is errno.
std::expected<std::vector<Entry>, int> entries_of(const std::string& path) {
  std::unique_ptr<DIR, decltype([](DIR* open) { ::closedir(open); })> directory{::opendir(path.c_str())};
  if (!directory) return std::unexpected{errno};
  std::vector<Entry> entries;
  for (;;) {
    errno = 0;
    const auto* entry = ::readdir(directory.get());
    if (entry == nullptr && errno != 0) return std::unexpected{errno};
    if (entry == nullptr) return entries;
    if (is_ignored_name(entry->d_name)) continue;
    entries.push_back({.name = entry->d_name, .plain_file = entry->d_type == DT_REG});
  }
}

bool means_absent(int error) { return error == ENOENT || error == ENOTDIR; }
std::string text_of(int error) { return std::generic_category().message(error); }

std::string why_not_watched(const std::error_code& error) {
  auto advice = error.value() == ENOSPC ? "; raise fs.inotify.max_user_watches, or run `initctl reload-configuration`"
                                        : "; run `initctl reload-configuration` after each";
  return "changes are not noticed: " + error.message() + advice;
}

} // namespace

void DirectoryTree::examine_everything() {
  for (std::size_t i = 0; i < catalogue_.directories().size(); ++i) examine({.directory = i, .below = {}});
}

void DirectoryTree::examine(const Place& place) {
  linked_directories_ = 0;
  examine_within(place, nullptr);
}

void DirectoryTree::examine_within(const Place& place, const Trail* trail) {
  auto path = path_of(place);
  bool is_root = place.below.empty();
  problems_.erase(place);
  watches_.forget(place);
  if (is_root) follow(place);
  struct stat status{};
  if (::lstat(path.c_str(), &status) < 0) return unreachable(place, errno);
  bool is_link = S_ISLNK(status.st_mode);
  if (is_link && !is_root) follow(place);
  if (is_link && ::stat(path.c_str(), &status) < 0) return unreachable(place, errno);

  if (S_ISDIR(status.st_mode)) {
    auto here = trail != nullptr ? *trail : trail_of(place);
    here.linked = here.linked || (is_link && !is_root);
    return examine_directory(place, {status.st_dev, status.st_ino}, std::move(here));
  }
  if (S_ISREG(status.st_mode) && !is_root) return examine_file(place);
  absent(place);
  if (is_root) report(place, "is not a directory");
}

void DirectoryTree::follow(const Place& place) {
  if (auto not_watched = watches_.follow(path_of(place), place)) report(place, why_not_watched(not_watched));
}

void DirectoryTree::examine_file(const Place& place) {
  leave_directory(place);
  catalogue_.found(place.directory, place.below);
}

void DirectoryTree::examine_directory(const Place& place, Identity identity, Trail trail) {
  catalogue_.gone(place.directory, place.below);
  if (!may_enter(place, identity, trail)) return leave_directory(place);
  trail.enclosing.push_back(identity);
  examine_entries(place, trail);
}

bool DirectoryTree::may_enter(const Place& place, Identity identity, const Trail& trail) {
  if (std::ranges::contains(trail.enclosing, identity)) {
    report(place, "leads back to one of its parent directories; it is not followed");
    return false;
  }
  if (!trail.linked || ++linked_directories_ <= most_linked_directories) return true;
  if (linked_directories_ == most_linked_directories + 1)
    report(place, "is ignored: symbolic links lead to more than 256 directories");
  return false;
}

// Watched first, then read: what comes in between is seen twice, not missed.
void DirectoryTree::examine_entries(const Place& place, const Trail& trail) {
  auto path = path_of(place);
  auto not_watched = watches_.watch_entries(path, place);
  auto entries = entries_of(path);
  if (!entries) return unreachable(place, entries.error());
  if (not_watched) report(place, why_not_watched(not_watched));
  leave_directory(place);
  for (const auto& entry : *entries) {
    auto child = place.entry(entry.name);
    if (entry.plain_file) catalogue_.found(child.directory, child.below);
    else examine_within(child, &trail);
  }
}

void DirectoryTree::unreachable(const Place& place, int error) {
  if (means_absent(error)) return absent(place);
  catalogue_.kept(place.directory, place.below);
  report(place, "cannot be read: " + text_of(error));
}

void DirectoryTree::absent(const Place& place) {
  catalogue_.gone(place.directory, place.below);
  leave_directory(place);
}

// All that was known below that place is forgotten.
void DirectoryTree::leave_directory(const Place& place) {
  catalogue_.gone_below(place.directory, place.below);
  watches_.forget_below(place);
  std::erase_if(problems_, [&](const auto& problem) { return place.contains(problem.first); });
}

bool DirectoryTree::may_still_be_written(const Place& place) const {
  struct stat status{};
  return ::lstat(path_of(place).c_str(), &status) == 0 && S_ISREG(status.st_mode) && status.st_nlink == 1;
}

void DirectoryTree::report(const Place& place, std::string message) { problems_[place] = std::move(message); }

std::vector<Report> DirectoryTree::take_reports(Catalogue::Reporting reporting) {
  std::vector<Report> reports;
  for (const auto& [place, message] : problems_) {
    auto reported = reported_.find(place);
    if (reporting == Catalogue::Reporting::all || reported == reported_.end() || reported->second != message)
      reports.push_back({.path = path_of(place), .diagnostic = {.message = message}});
  }
  reported_ = problems_;
  return reports;
}

DirectoryTree::Trail DirectoryTree::trail_of(const Place& place) const {
  Trail trail;
  if (place.below.empty()) return trail;
  for (std::size_t end = 0; end != std::string::npos; end = place.below.find('/', end + 1)) {
    auto path = path_of({.directory = place.directory, .below = place.below.substr(0, end)});
    struct stat status{};
    if (end > 0 && ::lstat(path.c_str(), &status) == 0 && S_ISLNK(status.st_mode)) trail.linked = true;
    if (::stat(path.c_str(), &status) == 0) trail.enclosing.emplace_back(status.st_dev, status.st_ino);
  }
  return trail;
}

std::string DirectoryTree::path_of(const Place& place) const {
  const auto& root = catalogue_.directories()[place.directory].path;
  return place.below.empty() ? root : root + '/' + place.below;
}

} // namespace upstart::supervisor
