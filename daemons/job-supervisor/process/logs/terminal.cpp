#include "daemons/job-supervisor/process/logs/terminal.hpp"

#include <cerrno>
#include <cstdlib>
#include <sys/ioctl.h>
#include <termios.h>

namespace upstart::supervisor {

using base::FileDescriptor;

namespace {

// The kernel shall pass output on as it is: no carriage return before the end of a line.
bool without_output_processing(int fd) {
  termios settings{};
  if (::tcgetattr(fd, &settings) < 0) return false;
  settings.c_oflag &= ~static_cast<tcflag_t>(OPOST | ONLCR);
  return ::tcsetattr(fd, TCSANOW, &settings) == 0;
}

// Programs that see a terminal ask for its size, and some divide by it.
bool set_window_size(int fd) {
  winsize size{.ws_row = 24, .ws_col = 80, .ws_xpixel = 0, .ws_ypixel = 0};
  return ::ioctl(fd, TIOCSWINSZ, &size) == 0;
}

bool unlock(int fd) {
  int locked = 0;
  return ::ioctl(fd, TIOCSPTLCK, &locked) == 0;
}

} // namespace

std::expected<FileDescriptor, int> open_terminal() {
  FileDescriptor near_end{::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK)};
  if (!near_end || !unlock(near_end.get()) || !without_output_processing(near_end.get()) ||
      !set_window_size(near_end.get()))
    return std::unexpected{errno};
  return near_end;
}

std::expected<FileDescriptor, int> far_end(const FileDescriptor& near_end) {
  FileDescriptor end{::ioctl(near_end.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC)};
  if (!end) return std::unexpected{errno};
  return end;
}

std::string far_end_name(int near_end) {
  unsigned number = 0;
  return ::ioctl(near_end, TIOCGPTN, &number) == 0 ? "/dev/pts/" + std::to_string(number) : "";
}

} // namespace upstart::supervisor
