#include "daemons/file-bridge/core/watched-files.hpp"

#include "daemons/bridge/conditions/variables.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace upstart::file_bridge {

namespace {

std::vector<const FileWatch*> all_at(const auto& by_path, const std::string& path) {
  std::vector<const FileWatch*> result;
  for (auto [place, end] = by_path.equal_range(path); place != end; ++place) result.push_back(place->second);
  return result;
}

} // namespace

std::string directory_of(const std::string& path) {
  auto slash = path.rfind('/');
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string last_element(const std::string& path) { return path.substr(path.rfind('/') + 1); }

std::string path_in(const std::string& directory, const std::string& name) {
  return directory.ends_with('/') ? directory + name : directory + "/" + name;
}

bool FileWatch::wants(Change change) const {
  return std::ranges::any_of(jobs, [&](const auto& of_job) {
    return std::ranges::any_of(of_job.second,
                               [&](const Use& use) { return use.event.empty() || use.event == name_of(change); });
  });
}

WatchedFiles::ChangeOfJob WatchedFiles::set(const bridge::JobConditions& conditions) {
  ChangeOfJob change;
  std::set<Use> uses;
  for (const auto& match : conditions.matches) {
    auto condition = parse_condition(match.arguments, home_);
    if (!condition) {
      change.warnings.push_back(bridge::describe(condition.error(), conditions.job, match, "this file is not watched"));
      continue;
    }
    Use use{condition->file, condition->change ? std::string{name_of(*condition->change)} : ""};
    add(*condition, change).jobs[conditions.job].insert(use);
    uses.insert(std::move(use));
  }
  auto before = std::exchange(uses_[conditions.job], uses);
  std::ranges::set_difference(uses, before, std::inserter(change.added, change.added.end()));
  std::ranges::set_difference(before, uses, std::inserter(change.removed, change.removed.end()));
  for (const auto& use : change.removed) drop(conditions.job, use, change);
  if (uses.empty()) uses_.erase(conditions.job);
  return change;
}

FileWatch& WatchedFiles::add(const FileCondition& condition, ChangeOfJob& change) {
  auto [place, is_new] = watches_.try_emplace(condition.file);
  auto& watch = place->second;
  if (!is_new) return watch;
  watch.condition = condition;
  watch.condition.change.reset();
  if (condition.kind != Kind::matches) by_path_.emplace(condition.path, &watch);
  if (condition.kind != Kind::file) by_directory_.emplace(condition.path, &watch);
  change.new_files.push_back(condition.file);
  return watch;
}

void WatchedFiles::drop(const std::string& job, const Use& use, ChangeOfJob& change) {
  auto place = watches_.find(use.file);
  auto& watch = place->second;
  auto of_job = watch.jobs.find(job);
  of_job->second.erase(use);
  if (of_job->second.empty()) watch.jobs.erase(of_job);
  if (!watch.jobs.empty()) return;
  for (auto* index : {&by_path_, &by_directory_})
    std::erase_if(*index, [&](const auto& entry) { return entry.second == &watch; });
  change.old_files.push_back(use.file);
  watches_.erase(place);
}

std::vector<const FileWatch*> WatchedFiles::of_path(const std::string& path) const { return all_at(by_path_, path); }

std::vector<const FileWatch*> WatchedFiles::of_directory(const std::string& path) const {
  return all_at(by_directory_, path);
}

std::set<std::string> WatchedFiles::paths_in(const std::string& directory) const {
  std::set<std::string> paths;
  auto prefix = path_in(directory, "");
  for (auto place = by_path_.lower_bound(prefix); place != by_path_.end() && place->first.starts_with(prefix); ++place)
    if (place->first != "/" && directory_of(place->first) == directory) paths.insert(place->first);
  return paths;
}

bool WatchedFiles::covers(const std::string& path) const {
  if (by_path_.contains(path)) return true;
  auto name = last_element(path);
  return std::ranges::any_of(of_directory(directory_of(path)), [&](const FileWatch* watch) {
    return watch->condition.kind == Kind::directory || fits(watch->condition, name);
  });
}

} // namespace upstart::file_bridge
