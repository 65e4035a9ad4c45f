// The shell around the file table: watches the directories that it wants, tells it what was seen, and lets its events
// leave.
#pragma once

#include "daemons/bridge/bridge.hpp"
#include "daemons/bridge/event-journal.hpp"
#include "daemons/file-bridge/core/file-table.hpp"
#include "daemons/file-bridge/core/quiet-writes.hpp"
#include "daemons/file-bridge/watching/directory-watches.hpp"
#include "daemons/file-bridge/watching/files-on-disk.hpp"

namespace upstart::file_bridge {

class FileBridge final : public bridge::Bridge {
public:
  explicit FileBridge(const bridge::Services& services);

  void jobs_changed(const bridge::ConditionsUpdate& update) override;
  [[nodiscard]] std::vector<bridge::Watch> watches() const override;

private:
  void seen(const std::string& path, DirectoryWatches::Seen what);
  void compare(const std::string& directory);
  void compare_all();
  // Whether the broker is that far behind that nothing is told; all is compared when it is not any more.
  [[nodiscard]] bool falls_behind();
  void catch_up();
  void take_complete_writes();
  void set_alarm();
  void note_new_files();
  void warn(const FileWatch& watch, const std::string& what); // of the conditions that name this file
  [[nodiscard]] std::string state_of(const FileWatch& watch) const;

  FilesOnDisk files_;
  bridge::ConditionWarnings& warnings_;
  bridge::EventJournal memory_;
  FileTable table_;
  QuietWrites writes_;
  base::Timer alarm_;
  DirectoryWatches watches_;
  struct Note {
    std::chrono::system_clock::time_point since;
    std::string blind; // the kind of file system, if changes there may not be told
  };
  std::map<std::string, Note> notes_; // by FILE
  bool first_update_ = true;
  bool fell_behind_ = false;
};

} // namespace upstart::file_bridge
