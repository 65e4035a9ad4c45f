#include "daemons/init/run-directory/left-behind.hpp"

#include "daemons/base/processes/process-stat.hpp"
#include "protocol/names.hpp"

#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <format>
#include <fstream>
#include <thread>

namespace upstart::init {

namespace {

namespace fs = std::filesystem;
using base::RunDirectoryLock;

// What makes it possible to go on with a session.
constexpr const char* memory_of_supervisor = "/supervisor.journal";

std::optional<pid_t> number(std::string_view text) {
  pid_t result = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), result);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return result;
}

std::vector<fs::path> entries(const fs::path& directory) {
  std::vector<fs::path> result;
  std::error_code error;
  for (fs::directory_iterator entry{directory, error}, end; !error && entry != end; entry.increment(error))
    result.push_back(entry->path());
  return result;
}

// Of the directories named by the process id of an init.
std::vector<fs::path> named_by_pid(const fs::path& parent, fs::file_type type) {
  auto result = entries(parent);
  std::erase_if(result, [type](const fs::path& path) {
    std::error_code error;
    return !number(path.filename().string()) || fs::symlink_status(path, error).type() != type;
  });
  return result;
}

bool runs(pid_t pid, std::uint64_t start_ticks) {
  auto stat = base::process_stat(pid);
  return stat && (start_ticks == 0 || stat->start_ticks == start_ticks);
}

// Whether the init of a directory is dead that nobody holds a lock on: it may be one that is only about to take it.
// The pids of another boot or namespace say nothing, nor need they.
bool is_dead(const fs::path& directory, const std::optional<SessionRecord>& record, const SessionRecord& own) {
  if (record) return record->boot != own.boot || !runs(record->pid, record->start_ticks);
  auto pid = *number(directory.filename().string());
  return pid == ::getpid() || !runs(pid, 0);
}

// By its environment; a daemon of the session has the address there, too, but no job.
bool is_of_job(const fs::path& process, const std::string& address) {
  std::ifstream file{process / "environ", std::ios::binary};
  bool of_session = false;
  bool of_job = false;
  for (std::string entry; std::getline(file, entry, '\0');) {
    if (entry == "UPSTART_SESSION=" + address) of_session = true;
    if (entry.starts_with("UPSTART_JOB=")) of_job = true;
  }
  return of_session && of_job;
}

// Whether a process of one of the session's jobs is still there.
bool any_job_runs(const std::string& address) {
  for (const auto& process : entries("/proc"))
    if (number(process.filename().string()) && is_of_job(process, address)) return true;
  return false;
}

bool can_be_gone_on_with(const fs::path& directory, const SessionRecord& left, const SessionRecord& own) {
  std::error_code error;
  return left.boot == own.boot && left.configuration == own.configuration &&
         fs::file_size(directory.string() + memory_of_supervisor, error) > 0 && !error && any_job_runs(left.address);
}

void remove_session_file(const fs::path& parent, const std::string& pid) {
  std::error_code error;
  fs::remove(parent.parent_path() / protocol::run_directory::session_files /
                 (pid + protocol::run_directory::session_file_suffix),
             error);
}

// Those that no run directory goes with: of a process that is not there.
void remove_lone_session_files(const fs::path& parent) {
  for (const auto& file : entries(parent.parent_path() / protocol::run_directory::session_files)) {
    auto pid = number(file.stem().string());
    std::error_code error;
    if (!pid || file.extension() != protocol::run_directory::session_file_suffix) continue;
    if (!fs::exists(parent / file.stem(), error) && !runs(*pid, 0)) fs::remove(file, error);
  }
}

// Links of which the directory they led to is gone.
void remove_broken_links(const fs::path& parent) {
  std::error_code error;
  for (const auto& link : named_by_pid(parent, fs::file_type::symlink))
    if (!fs::exists(link, error)) fs::remove(link, error);
}

// Daemons that were killed with their init may be on their way out; those that end in order take longer than this.
std::expected<RunDirectoryLock, RunDirectoryLock::Refusal> take_lock(const fs::path& directory, bool init_is_dead) {
  constexpr int attempts = 100;
  constexpr std::chrono::milliseconds between{10};
  auto lock = RunDirectoryLock::take_over(directory);
  for (int attempt = 1; !lock && init_is_dead && attempt < attempts; ++attempt) {
    if (lock.error() != RunDirectoryLock::Refusal::held) break;
    std::this_thread::sleep_for(between);
    lock = RunDirectoryLock::take_over(directory);
  }
  return lock;
}

std::optional<DeadSession> look_at(const fs::path& directory, const SessionRecord& own) {
  auto record = SessionRecord::read(directory);
  auto lock = take_lock(directory, record && record->boot == own.boot && !runs(record->pid, record->start_ticks));
  if (!lock && lock.error() == RunDirectoryLock::Refusal::held) return std::nullopt;
  if (!is_dead(directory, record, own)) return std::nullopt;
  remove_session_file(directory.parent_path(), directory.filename());
  if (lock && record && can_be_gone_on_with(directory, *record, own))
    return DeadSession{directory, std::move(*lock), std::move(*record)};
  std::error_code error;
  fs::remove_all(directory, error);
  return std::nullopt;
}

} // namespace

std::optional<DeadSession> clear_left_behind(const std::string& parent, const SessionRecord& own) {
  std::optional<DeadSession> found;
  for (const auto& directory : named_by_pid(parent, fs::file_type::directory)) {
    if (found) break; // another one is for the next init
    found = look_at(directory, own);
  }
  remove_broken_links(parent);
  remove_lone_session_files(parent);
  return found;
}

std::expected<RunDirectoryLock, std::string> take_over(DeadSession session, const std::string& new_path) {
  fs::path old_path{session.path};
  fs::path target{new_path};
  std::error_code error;
  if (old_path != target) {
    fs::remove(target, error); // a link from the time of an earlier process of this number
    if (::rename(old_path.c_str(), target.c_str()) < 0)
      return std::unexpected(std::format("unable to move {} to {}: {}", session.path, new_path, std::strerror(errno)));
    for (const auto& link : named_by_pid(target.parent_path(), fs::file_type::symlink))
      if (fs::read_symlink(link, error) == old_path.filename()) {
        fs::remove(link, error);
        fs::create_directory_symlink(target.filename(), link, error);
      }
    fs::create_directory_symlink(target.filename(), old_path, error);
  }
  for (const auto& entry : entries(target))
    if (fs::is_socket(fs::symlink_status(entry, error))) fs::remove(entry, error);
  return std::move(session.lock);
}

void remove_old_paths(const std::string& run_directory) {
  fs::path path{run_directory};
  std::error_code error;
  for (const auto& link : named_by_pid(path.parent_path(), fs::file_type::symlink))
    if (fs::read_symlink(link, error) == path.filename()) fs::remove(link, error);
}

} // namespace upstart::init
