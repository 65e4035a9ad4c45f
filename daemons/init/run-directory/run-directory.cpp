#include "daemons/init/run-directory/run-directory.hpp"

#include "daemons/init/run-directory/left-behind.hpp"
#include "daemons/init/run-directory/own-directory.hpp"
#include "protocol/names.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

namespace upstart::init {

namespace {

namespace fs = std::filesystem;
using base::RunDirectoryLock;

constexpr mode_t for_the_owner = 0700;

std::unexpected<std::string> failed(const std::string& what, const std::string& path) {
  return std::unexpected("unable to " + what + " " + path + ": " + std::strerror(errno));
}

std::expected<std::string, std::string> make_anew(const std::string& path) {
  std::error_code error;
  fs::remove_all(path, error);
  if (::mkdir(path.c_str(), for_the_owner) < 0) return failed("make the run directory", path);
  return path;
}

// Of this very process, before its program was executed anew: what its daemons wrote down there is gone on with, the
// sockets are made again.
bool is_own(const std::string& path, const SessionRecord& own) {
  auto left = SessionRecord::read(path);
  return left && left->pid == own.pid && left->start_ticks == own.start_ticks && left->boot == own.boot;
}

std::expected<std::string, std::string> make_for_system(const std::string& path, const SessionRecord& own) {
  if (!is_own(path, own)) return make_anew(path);
  std::error_code error;
  for (fs::directory_iterator entry{path, error}, end; !error && entry != end; entry.increment(error))
    if (std::error_code unknown; entry->is_socket(unknown)) fs::remove(entry->path(), unknown);
  return path;
}

std::expected<std::string, std::string> make_temporary(const std::string& where) {
  std::string path = where + "/upstart-XXXXXX";
  if (::mkdtemp(path.data()) == nullptr) return failed("make a run directory", path);
  return path;
}

// A path that goes into a D-Bus address as it is must not hold what separates the parts of one.
std::expected<void, std::string> check_path(const std::string& path) {
  if (path.find_first_of(",;%") == std::string::npos) return {};
  return std::unexpected("the run directory cannot be in " + path + ": its path must not hold any of , ; %");
}

} // namespace

std::expected<RunDirectory, std::string> RunDirectory::make(Mode mode, const Places& places, const SessionRecord& own) {
  auto taken = [](std::string path) { return RunDirectory{std::move(path)}.locked(); };
  if (mode == Mode::session || (mode == Mode::user && !places.runtime))
    return check_path(places.temporary).and_then([&] { return make_temporary(places.temporary); }).and_then(taken);
  if (mode == Mode::system) return make_for_system(protocol::run_directory::system, own).and_then(taken);
  auto parent = *places.runtime + "/upstart";
  return check_path(parent).and_then([&] { return make_own_directory(parent); }).and_then([&] {
    return make_in(parent, own);
  });
}

std::expected<RunDirectory, std::string> RunDirectory::make_in(const std::string& parent, const SessionRecord& own) {
  auto path = parent + "/" + std::to_string(own.pid);
  if (auto dead = clear_left_behind(parent, own)) {
    auto record = dead->record;
    auto lock = take_over(std::move(*dead), path);
    if (!lock) return std::unexpected(lock.error());
    RunDirectory result{path};
    result.lock_ = std::move(*lock);
    result.left_by_ = std::move(record);
    return result;
  }
  std::error_code error;
  if (fs::is_directory(fs::symlink_status(path, error)))
    return std::unexpected("the run directory " + path + " is in use by a process of another process namespace");
  return make_anew(path).and_then([](std::string made) { return RunDirectory{std::move(made)}.locked(); });
}

RunDirectory RunDirectory::taken_over(std::string path, int lock) {
  RunDirectory result{std::move(path)};
  if (lock >= 0) result.lock_ = RunDirectoryLock::taken_over(base::FileDescriptor{lock});
  return result;
}

// Where there can be no locks the directory serves nevertheless; it is only never taken over.
std::expected<RunDirectory, std::string> RunDirectory::locked() && {
  auto lock = RunDirectoryLock::make_for_init(path_);
  if (lock) lock_ = std::move(*lock);
  return std::move(*this);
}

void RunDirectory::admit_daemons() {
  if (lock_) lock_->admit_daemons();
}

RunDirectory::~RunDirectory() {
  std::error_code error;
  if (path_.empty()) return;
  fs::remove_all(path_, error);
  remove_old_paths(path_);
}

} // namespace upstart::init
