// What is known of the files that jobs ask for, and which events follow when they change: the bridge's decisions. Knows
// no inotify and no loop; it looks at files through a port, and remembers and emits through another.
//
// Invariant: what is known of a file and the event that told of it are remembered in one change. So whatever dies when,
// the next look at the file finds either a difference that was not told, or none.
#pragma once

#include "daemons/bridge/ports/memory.hpp"
#include "daemons/file-bridge/core/files.hpp"
#include "daemons/file-bridge/core/watched-files.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace upstart::file_bridge {

using Records = std::map<std::string, std::string, std::less<>>;

// More than twenty methods: six are what can be seen of a file, the private ones their parts.
class FileTable {
public:
  // `records` are those of the bridge before; `home` where paths that are not absolute begin, in a session.
  FileTable(Files& files, bridge::Memory& memory, const Records& records, Home home);

  // What jobs ask for has changed; the first update has all of them. Returns what cannot be served. Nothing new is
  // looked at before `look_at_new`, so that it is watched by then.
  [[nodiscard]] std::vector<bridge::ConditionWarning> jobs_changed(const bridge::ConditionsUpdate& update);
  void look_at_new();
  // The directories whose entries are to be watched, for what is in them or for a path that is in them.
  [[nodiscard]] std::set<std::string> directories() const;
  [[nodiscard]] const WatchedFiles& watched() const { return watched_; }
  [[nodiscard]] bool covers(const std::string& path) const { return watched_.covers(path); }

  // What was seen. Of a path that nobody asks for it is ignored.
  void appeared(const std::string& path); // was made there
  void came(const std::string& path);     // was renamed to there, perhaps in place of another
  void gone(const std::string& path);     // was deleted, or renamed from there
  void written(const std::string& path);  // and is complete
  // Perhaps something has changed that was not seen: compares what is there with what is known.
  void look(const std::string& path);
  void look_at_all_in(const std::string& directory);
  void look_at_all();

private:
  void restore(const Records& records);
  void take_uses(const std::string& job, const WatchedFiles::ChangeOfJob& change);
  void drop_uses(const std::string& job);
  void forget_uncovered();
  void look_at_first(const FileWatch& watch);
  void tell_existing(const std::string& file, std::set<std::pair<std::string, std::string>>& told);

  void know(const std::string& path, const FileState& state);
  void forget(const std::string& path);
  // To all who ask for it, save one that is told otherwise.
  void tell(const std::string& path, Change change, bool is_directory, const FileWatch* except = nullptr);
  void emit(const FileWatch& watch, Change change, const std::string& match = "");

  Files& files_;
  bridge::Memory& memory_;
  WatchedFiles watched_;
  std::map<std::string, FileState> known_;        // what is there and asked for
  std::map<std::string, std::set<Use>> answered_; // by job: of what it was told what is there already
  std::set<std::string> looked_at_;               // FILEs whose paths have been looked at once
  bool first_update_ = true;
  bool some_are_dropped_ = false;      // FILEs, since what is known was last cleared of what nobody asks for
  std::vector<std::string> new_files_; // FILEs that may not have been looked at
  std::vector<std::pair<std::string, Use>> new_uses_; // not yet told what is there
};

} // namespace upstart::file_bridge
