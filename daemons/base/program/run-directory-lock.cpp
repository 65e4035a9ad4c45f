#include "daemons/base/program/run-directory-lock.hpp"

#include <cerrno>

namespace upstart::base {

namespace {

// Parts of the file, as bytes.
constexpr off_t part_of_init = 0;
constexpr off_t part_of_daemons = 1;

FileDescriptor open_file(const std::string& directory, int flags) {
  return FileDescriptor{::open((directory + "/lock").c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | flags, 0600)};
}

std::expected<void, RunDirectoryLock::Refusal> lock(int fd, short type, off_t start, off_t length) {
  struct flock what{};
  what.l_type = type;
  what.l_whence = SEEK_SET;
  what.l_start = start;
  what.l_len = length;
  if (::fcntl(fd, F_OFD_SETLK, &what) == 0) return {};
  bool held = errno == EAGAIN || errno == EACCES;
  return std::unexpected(held ? RunDirectoryLock::Refusal::held : RunDirectoryLock::Refusal::no_lock);
}

} // namespace

std::expected<RunDirectoryLock, RunDirectoryLock::Refusal>
RunDirectoryLock::make_for_init(const std::string& directory) {
  auto file = open_file(directory, O_CREAT);
  if (!file) return std::unexpected(Refusal::no_lock);
  return lock(file.get(), F_WRLCK, part_of_init, 1).transform([&] { return RunDirectoryLock{std::move(file)}; });
}

std::expected<RunDirectoryLock, RunDirectoryLock::Refusal> RunDirectoryLock::take_over(const std::string& directory) {
  auto file = open_file(directory, 0);
  if (!file) return std::unexpected(Refusal::no_lock);
  return lock(file.get(), F_WRLCK, part_of_init, 2).transform([&] { return RunDirectoryLock{std::move(file)}; });
}

void RunDirectoryLock::admit_daemons() { static_cast<void>(lock(file_.get(), F_UNLCK, part_of_daemons, 1)); }

std::expected<RunDirectoryLock, RunDirectoryLock::Refusal> RunDirectoryLock::share(const std::string& directory) {
  auto file = open_file(directory, 0);
  if (!file) return std::unexpected(Refusal::no_lock);
  return lock(file.get(), F_RDLCK, part_of_daemons, 1).transform([&] { return RunDirectoryLock{std::move(file)}; });
}

} // namespace upstart::base
