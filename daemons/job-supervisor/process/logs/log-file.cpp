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

void LogFile::append(std::string_view text) {
  if (kept()) return keep(text); // in order
  keep(text.substr(write(text)));
}

void LogFile::flush() {
  if (kept()) kept_.erase(0, write(kept_));
  if (kept_.empty()) kept_.shrink_to_fit();
}

std::size_t LogFile::write(std::string_view text) {
  error_ = 0;
  FileDescriptor file = open_log(path_.c_str());
  if (!file) error_ = errno;
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
  lost_ += text.size() - room;
}

std::size_t LogFile::take_lost() { return std::exchange(lost_, 0); }

std::string log_path(std::string_view directory, std::string_view job, std::string_view instance) {
  std::string name{job};
  if (!instance.empty()) name.append("-").append(instance);
  std::ranges::replace(name, '/', '_');
  constexpr std::size_t most = 250; // with the suffix no more than a file name may have
  name.resize(std::min(name.size(), most));
  return std::string{directory} + "/" + name + ".log";
}

} // namespace upstart::supervisor
