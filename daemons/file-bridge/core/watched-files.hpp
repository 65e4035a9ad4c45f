// Which files jobs ask for, and for whom: their conditions on `file`, understood. Conditions with the same FILE share
// one watch and its events. Pure.
#pragma once

#include "daemons/file-bridge/conditions/file-condition.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace upstart::file_bridge {

// What one job asks for: a FILE as written, and EVENT, empty for all.
struct Use {
  std::string file, event;
  friend auto operator<=>(const Use&, const Use&) = default;
};

struct FileWatch {
  FileCondition condition;                   // without its change
  std::map<std::string, std::set<Use>> jobs; // who asks, and for what
  [[nodiscard]] bool wants(Change change) const;
};

class WatchedFiles {
public:
  explicit WatchedFiles(Home home) : home_{std::move(home)} {}

  struct ChangeOfJob {
    std::set<Use> added, removed;
    std::vector<std::string> new_files, old_files;  // FILEs that nobody asked for before, or nobody asks for any more
    std::vector<bridge::ConditionWarning> warnings; // of conditions that cannot be served
  };
  // The job asks for this now; with no matches, for nothing any more.
  [[nodiscard]] ChangeOfJob set(const bridge::JobConditions& conditions);

  // By FILE.
  [[nodiscard]] const std::map<std::string, FileWatch>& all() const { return watches_; }
  [[nodiscard]] const FileWatch& at(const std::string& file) const { return watches_.at(file); }
  // Of this path itself (kinds file and directory).
  [[nodiscard]] std::vector<const FileWatch*> of_path(const std::string& path) const;
  // Of what is in this directory (kinds directory and matches).
  [[nodiscard]] std::vector<const FileWatch*> of_directory(const std::string& path) const;
  // The paths of kinds file and directory that are in this directory.
  [[nodiscard]] std::set<std::string> paths_in(const std::string& directory) const;
  // Whether what happens to the path is asked for by any.
  [[nodiscard]] bool covers(const std::string& path) const;

private:
  using ByPath = std::multimap<std::string, const FileWatch*, std::less<>>;

  FileWatch& add(const FileCondition& condition, ChangeOfJob& change);
  void drop(const std::string& job, const Use& use, ChangeOfJob& change);

  Home home_;
  std::map<std::string, std::set<Use>> uses_; // by job
  std::map<std::string, FileWatch> watches_;  // by FILE
  ByPath by_path_, by_directory_;
};

// "/a/b" is in "/a"; what is in the root directory is in "/".
[[nodiscard]] std::string directory_of(const std::string& path);
[[nodiscard]] std::string last_element(const std::string& path);
[[nodiscard]] std::string path_in(const std::string& directory, const std::string& name);

} // namespace upstart::file_bridge
