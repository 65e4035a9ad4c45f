#include "daemons/job-supervisor/configuration/read-job-file.hpp"

#include "daemons/base/file-descriptor.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace upstart::supervisor {

namespace {

constexpr std::size_t largest = std::size_t{64} * 1024 * 1024;
constexpr off_t large = 1024 * 1024; // above this it is looked at before it is read

std::unexpected<ReadFault> fault(int error) {
  bool missing = error == ENOENT || error == ENOTDIR;
  return std::unexpected{
      ReadFault{.missing = missing, .reason = "cannot be read: " + std::generic_category().message(error)}};
}

std::unexpected<ReadFault> not_regular(mode_t mode) {
  return std::unexpected{
      ReadFault{.missing = true, .reason = S_ISDIR(mode) ? "is a directory" : "is not a regular file"}};
}

std::unexpected<ReadFault> too_large() {
  return std::unexpected{ReadFault{.reason = "is too large for a job file (over 64 MiB)"}};
}

// The text so far grows by what one read gives; false at the end of the file.
std::expected<bool, ReadFault> read_more(int fd, std::string& text, std::size_t room) {
  auto had = text.size();
  ssize_t got = 0;
  text.resize_and_overwrite(had + room, [&](char* bytes, std::size_t) {
    do got = ::read(fd, bytes + had, room);
    while (got < 0 && errno == EINTR);
    return had + static_cast<std::size_t>(got > 0 ? got : 0);
  });
  if (got < 0) return fault(errno);
  if (text.size() > largest) return too_large();
  return got > 0;
}

// What `fd` is open at, whose status is known and which may be read.
std::expected<std::string, ReadFault> read_open_file(int fd, const struct stat& status) {
  if (status.st_size > static_cast<off_t>(largest)) return too_large();
  if (status.st_size > large) {
    if (::lseek(fd, 0, SEEK_HOLE) < status.st_size)
      return std::unexpected{ReadFault{.reason = "is no job file: it has holes, which would read as NUL bytes"}};
    ::lseek(fd, 0, SEEK_SET);
  }
  std::string text;
  auto size = static_cast<std::size_t>(status.st_size);
  for (;;) {
    auto more = read_more(fd, text, size + 1);
    if (!more) return std::unexpected{more.error()};
    // There was room for more than the file has: its end, without asking again. In /proc files say that they are empty.
    if (!*more || (size > 0 && text.size() == size)) return text;
  }
}

} // namespace

std::optional<std::string> writable_by_others(const struct stat& status) {
  if (status.st_uid != 0) return "belongs to user " + std::to_string(status.st_uid);
  if (S_ISDIR(status.st_mode) && (status.st_mode & S_ISVTX) != 0) return std::nullopt;
  if ((status.st_mode & S_IWOTH) != 0) return "is writable by everybody";
  if ((status.st_mode & S_IWGRP) != 0 && status.st_gid != 0)
    return "is writable by group " + std::to_string(status.st_gid);
  return std::nullopt;
}

// Whoever can write the file, or put another in its place, decides what runs as root.
const JobFileReader::Directory& JobFileReader::directory_of(const std::string& path) {
  auto size = path.rfind('/') + 1; // 0: there is none
  auto name = std::string_view{path}.substr(0, size);
  if (directory_ && directory_->path == name) return *directory_;
  directory_.emplace(Directory{.path = std::string{name}, .fd = {}, .fault = {}});
  auto& directory = *directory_;
  const char* where = directory.path.empty() ? "." : directory.path.c_str();
  directory.fd = base::FileDescriptor{::open(where, O_PATH | O_DIRECTORY | O_CLOEXEC)};
  struct stat status{};
  if (!directory.fd || ::fstat(directory.fd.get(), &status) < 0) directory.fault = fault(errno).error();
  else if (auto why = is_root_ ? writable_by_others(status) : std::nullopt)
    directory.fault = ReadFault{.reason = "is not read, since others than root may write its directory, which " + *why};
  return directory;
}

std::expected<std::string, ReadFault> JobFileReader::read(const std::string& path) {
  const auto& directory = directory_of(path);
  if (!directory.fd) return std::unexpected{*directory.fault};
  base::FileDescriptor fd{
      ::openat(directory.fd.get(), path.c_str() + directory.path.size(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)};
  if (!fd && errno == ENXIO) return not_regular(S_IFSOCK);
  if (!fd) return fault(errno);
  struct stat status{};
  if (::fstat(fd.get(), &status) < 0) return fault(errno);
  if (!S_ISREG(status.st_mode)) return not_regular(status.st_mode);
  if (auto why = is_root_ ? writable_by_others(status) : std::nullopt)
    return std::unexpected{ReadFault{.reason = "is not read, since others than root may write it: it " + *why}};
  if (directory.fault) return std::unexpected{*directory.fault};
  return read_open_file(fd.get(), status);
}

std::expected<std::string, ReadFault> read_job_file(const std::string& path) { return JobFileReader{}.read(path); }

std::expected<std::string, ReadFault> read_named_job_file(const std::string& path) {
  struct stat status{};
  bool is_stream = ::stat(path.c_str(), &status) == 0 && (S_ISFIFO(status.st_mode) || S_ISCHR(status.st_mode));
  if (!is_stream) return read_job_file(path);
  base::FileDescriptor fd{::open(path.c_str(), O_RDONLY | O_NOCTTY | O_CLOEXEC)};
  if (!fd) return fault(errno);
  constexpr std::size_t at_once = 64 * 1024;
  std::string text;
  for (;;) {
    auto more = read_more(fd.get(), text, at_once);
    if (!more) return std::unexpected{more.error()};
    if (!*more) return text;
  }
}

} // namespace upstart::supervisor
