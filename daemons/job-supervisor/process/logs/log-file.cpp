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

// Of a file of ours; nothing where it cannot be.
void append_to(const std::string& path, std::string_view text) {
  if (path.empty() || text.empty()) return;
  FileDescriptor file{::open(path.c_str(), log_flags | O_CREAT, 0600)};
  if (file) (void)!::write(file.get(), text.data(), text.size());
}

std::string contents_of(const std::string& path, std::size_t from) {
  FileDescriptor file{::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)};
  std::string text(LogFile::most_kept, '\0');
  ssize_t got = file ? ::pread(file.get(), text.data(), text.size(), static_cast<off_t>(from)) : 0;
  text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return text;
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

LogFile::LogFile(std::string path, std::string spool) : path_{std::move(path)}, spool_{std::move(spool)} {
  if (!spool_.empty()) take_up_spool();
}

// What the end of the log has already was written by the supervisor that died before it could say so.
void LogFile::take_up_spool() {
  std::string text = contents_of(spool_, 0);
  if (text.empty()) return;
  struct stat status{};
  auto size = ::lstat(path_.c_str(), &status) == 0 ? static_cast<std::size_t>(status.st_size) : 0;
  if (size >= text.size() && contents_of(path_, size - text.size()) == text) ::unlink(spool_.c_str());
  else kept_ = std::move(text);
}

void LogFile::append(std::string_view text, const std::function<void(std::uint64_t)>& before_writing) {
  if (kept()) return keep(text); // in order
  keep(text.substr(write(text, before_writing)));
}

void LogFile::flush() {
  if (!kept()) return;
  kept_.erase(0, write(kept_));
  if (!spool_.empty()) ::unlink(spool_.c_str());
  if (kept_.empty()) kept_.shrink_to_fit();
  else append_to(spool_, kept_);
}

std::size_t LogFile::write(std::string_view text, const std::function<void(std::uint64_t)>& before_writing) {
  error_ = 0;
  FileDescriptor file = open_log(path_.c_str());
  if (!file) error_ = errno;
  struct stat status{};
  if (file && before_writing && ::fstat(file.get(), &status) == 0)
    before_writing(static_cast<std::uint64_t>(status.st_size));
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

void LogFile::keep(std::string_view text) {
  std::size_t room = std::min(most_kept - kept_.size(), text.size());
  kept_.append(text.substr(0, room));
  append_to(spool_, text.substr(0, room));
  lost_ += text.size() - room;
}

std::size_t LogFile::take_lost() { return std::exchange(lost_, 0); }

} // namespace upstart::supervisor
