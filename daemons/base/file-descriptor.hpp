// A file descriptor with an owner: closed when its owner goes. Moved, never copied; `duplicate` makes a second one.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <utility>

namespace upstart::base {

class FileDescriptor {
public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) noexcept : fd_{fd} {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    if (this != &other) reset(std::exchange(other.fd_, -1));
    return *this;
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  ~FileDescriptor() { reset(); }

  // The number, still owned here; -1 when empty.
  [[nodiscard]] int get() const noexcept { return fd_; }
  [[nodiscard]] explicit operator bool() const noexcept { return fd_ >= 0; }
  // The number, owned by the caller from now on.
  [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }
  void reset(int fd = -1) noexcept {
    if (fd_ >= 0) ::close(fd_);
    fd_ = fd;
  }
  // A second descriptor of the same open file, close-on-exec; empty (and errno set) when there is none to be had.
  [[nodiscard]] FileDescriptor duplicate() const noexcept { return FileDescriptor{::fcntl(fd_, F_DUPFD_CLOEXEC, 3)}; }

private:
  int fd_ = -1;
};

} // namespace upstart::base
