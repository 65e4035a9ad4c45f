#include "daemons/base/log/log-stream.hpp"

#include "daemons/base/log/log-format.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>

namespace upstart::base {

namespace {

// In the order of the kernel: what a pipe takes whole or not at all.
constexpr std::size_t safe_piece = 4096;
constexpr std::size_t kernel_log_piece = 900;

} // namespace

LogStream::LogStream(int fd) : fd_{fd}, kind_{Kind::other} {
  struct stat status{};
  if (::fstat(fd, &status) < 0) return;
  struct stat log{};
  if (::stat(kernel_log_path, &log) == 0 && log.st_dev == status.st_dev && log.st_ino == status.st_ino) {
    kind_ = Kind::kernel_log;
    return;
  }
  if (S_ISREG(status.st_mode)) kind_ = Kind::file;
  if (S_ISSOCK(status.st_mode)) kind_ = Kind::socket;
}

bool LogStream::write_line(std::string_view line) {
  if (kind_ == Kind::kernel_log) return syslog_.send(line) || write_to_kernel_log(line);
  if (torn_) {
    if (write_now("\n") != 1) return false;
    torn_ = false;
  }
  while (!line.empty()) {
    auto piece = line.substr(0, safe_piece);
    auto written = write_now(piece);
    if (written > 0) {
      line.remove_prefix(static_cast<std::size_t>(written));
      torn_ = true;
      continue;
    }
    if (written < 0 && errno == EINTR) continue;
    return false;
  }
  torn_ = false;
  return true;
}

// Each write is a message, of a length that the kernel takes. It never waits.
bool LogStream::write_to_kernel_log(std::string_view line) const {
  for (; !line.empty(); line.remove_prefix(std::min(line.size(), kernel_log_piece))) {
    auto piece = line.substr(0, kernel_log_piece);
    if (::write(fd_, piece.data(), piece.size()) < 0) return false;
  }
  return true;
}

ssize_t LogStream::write_now(std::string_view text) const {
  switch (kind_) {
  case Kind::file: return ::write(fd_, text.data(), text.size());
  case Kind::socket: return ::send(fd_, text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  default: break;
  }
  return write_without_waiting(text);
}

// A pipe knows how; a terminal or an older kernel is asked first whether it has room, which is right unless another
// process takes that room in the same moment.
ssize_t LogStream::write_without_waiting(std::string_view text) const {
  iovec data{const_cast<char*>(text.data()), text.size()};
  auto written = ::pwritev2(fd_, &data, 1, -1, RWF_NOWAIT);
  if (written >= 0 || (errno != EOPNOTSUPP && errno != EINVAL && errno != ENOSYS && errno != ESPIPE)) return written;
  pollfd room{fd_, POLLOUT, 0};
  if (::poll(&room, 1, 0) == 1 && (room.revents & POLLOUT) != 0) return ::write(fd_, text.data(), text.size());
  errno = EAGAIN;
  return -1;
}

std::string dropped_message(std::uint64_t lines) {
  return std::to_string(lines) + (lines == 1 ? " line of the log was dropped, since nobody read it"
                                             : " lines of the log were dropped, since nobody read them");
}

} // namespace upstart::base
