#include "daemons/job-supervisor/process/logs/log-file.hpp"

#include "daemons/base/file-descriptor.hpp"

#include <algorithm>
#include <cerrno>
#include <sys/stat.h>
#include <utility>

namespace upstart::supervisor {

namespace {

using base::FileDescriptor;

constexpr mode_t log_mode = 0640;
constexpr int log_flags = O_WRONLY | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;

FileDescriptor create(const char* path) {
  FileDescriptor file{::open(path, log_flags | O_CREAT | O_EXCL, log_mode)};
  if (file) ::fchmod(file.get(), log_mode); // whatever the umask
  return file;
}

// Only a regular file takes what is written without ever making the writer wait.
FileDescriptor open_log(const char* path) {
  FileDescriptor file{::open(path, log_flags)};
  if (!file) return errno == ENOENT ? create(path) : FileDescriptor{};
  struct stat status{};
  if (::fstat(file.get(), &status) == 0 && S_ISREG(status.st_mode)) return file;
  file.reset();
  errno = EINVAL;
  return file;
}

} // namespace

LogFile::LogFile(std::string path, std::string spool)
    : path_{std::move(path)}, spool_{std::move(spool)}, kept_{spool_.take_up(path_)} {}

void LogFile::append(std::string_view text, const Before& before) {
  std::size_t done = 0;
  if (!kept()) // else in order
    done = write(text, [&](std::uint64_t size) {
      if (before) before(path_, size, 0);
    });
  keep(text.substr(done), done, before);
}

void LogFile::flush() {
  if (!kept()) return;
  std::size_t done = write(kept_, [&](std::uint64_t size) { spool_.is_written_at(size); });
  if (done == 0) return spool_.is_not_written();
  kept_.erase(0, done);
  spool_.replace(kept_);
  if (kept_.empty()) kept_.shrink_to_fit();
}

std::size_t LogFile::write(std::string_view text, const std::function<void(std::uint64_t)>& before) {
  error_ = 0;
  FileDescriptor file = open_log(path_.c_str());
  if (!file) error_ = errno;
  struct stat status{};
  if (file && ::fstat(file.get(), &status) == 0) before(static_cast<std::uint64_t>(status.st_size));
  std::size_t done = 0;
  while (file && done < text.size()) {
    ssize_t written = ::write(file.get(), text.data() + done, text.size() - done);
    if (written > 0) done += static_cast<std::size_t>(written);
    else if (written == 0 || errno != EINTR) {
      error_ = written == 0 ? EIO : errno;
      break;
    }
  }
  return done;
}

void LogFile::keep(std::string_view text, std::size_t from, const Before& before) {
  std::size_t room = std::min(most_kept - kept_.size(), text.size());
  kept_.append(text.substr(0, room));
  spool_.append(text.substr(0, room), [&](std::uint64_t size) {
    if (before) before(spool_.path(), size, from);
  });
  lost_ += text.size() - room;
}

std::size_t LogFile::take_lost() { return std::exchange(lost_, 0); }

} // namespace upstart::supervisor
