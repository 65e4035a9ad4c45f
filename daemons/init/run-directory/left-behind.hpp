// What sessions left behind whose init and daemons were killed together: run directories and session files. One whose
// jobs still run may be gone on with; the others are removed.
#pragma once

#include "daemons/base/program/run-directory-lock.hpp"
#include "daemons/init/run-directory/session-record.hpp"

namespace upstart::init {

// The run directory of a dead session, held by this process: nobody else takes it.
struct DeadSession {
  std::string path;
  base::RunDirectoryLock lock;
  SessionRecord record;
};

// Looks through `parent` ("XDG_RUNTIME_DIR/upstart"): run directories of the dead, with their session files, are
// removed, except one (the answer, if any) that this process can go on with: of the same boot, with the same
// configuration directories, with a memory of its supervisor, and with a process that still runs.
[[nodiscard]] std::optional<DeadSession> clear_left_behind(const std::string& parent, const SessionRecord& own);

// Moves it to its new path; the old one leads there, since the jobs know the sockets below by their old paths. Sockets
// go: they are made again. The error says what and why.
[[nodiscard]] std::expected<base::RunDirectoryLock, std::string> take_over(DeadSession session,
                                                                           const std::string& new_path);

// Removes the links that lead to a run directory from the paths that it had before.
void remove_old_paths(const std::string& run_directory);

} // namespace upstart::init
