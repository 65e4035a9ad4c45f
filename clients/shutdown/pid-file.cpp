#include "clients/shutdown/pid-file.hpp"

#include <cerrno>
#include <format>

namespace upstart::client {

namespace {

struct flock whole_file() {
  struct flock lock{};
  lock.l_type = F_WRLCK;
  return lock;
}

std::unexpected<std::error_code> failed() { return std::unexpected{std::error_code{errno, std::generic_category()}}; }

} // namespace

std::expected<PidFile, std::error_code> PidFile::take(const std::string& path) {
  base::FileDescriptor file{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644)};
  if (!file) return failed();
  auto lock = whole_file();
  if (::fcntl(file.get(), F_SETLK, &lock) < 0) {
    if (errno == EACCES) errno = EAGAIN;
    return failed();
  }
  auto text = std::format("{}\n", ::getpid());
  if (::ftruncate(file.get(), 0) < 0 || ::write(file.get(), text.data(), text.size()) < 0) return failed();
  return PidFile{path, std::move(file)};
}

std::optional<pid_t> PidFile::holder(const std::string& path) {
  base::FileDescriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  auto lock = whole_file();
  if (!file || ::fcntl(file.get(), F_GETLK, &lock) < 0 || lock.l_type == F_UNLCK || lock.l_pid <= 0)
    return std::nullopt;
  return lock.l_pid;
}

PidFile::~PidFile() {
  if (file_) ::unlink(path_.c_str());
}

} // namespace upstart::client
