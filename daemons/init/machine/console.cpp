#include "daemons/init/machine/console.hpp"

#include <fcntl.h>
#include <linux/kd.h>
#include <sys/ioctl.h>
#include <sys/reboot.h>
#include <termios.h>
#include <unistd.h>

#include <csignal>
#include <string>

namespace upstart::init {

using base::FileDescriptor;

namespace {

constexpr const char* console_path = "/dev/console";
constexpr const char* kernel_log_path = "/dev/kmsg";

} // namespace

void open_standard_descriptors() {
  while (true) {
    int fd = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    if (fd < 0) return;
    if (fd > STDERR_FILENO) {
      ::close(fd);
      return;
    }
    ::fcntl(fd, F_SETFD, 0);
  }
}

FileDescriptor open_console() {
  return FileDescriptor{::open(console_path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)};
}

void write_to_kernel_log() {
  if (FileDescriptor nothing{::open("/dev/null", O_RDWR | O_CLOEXEC)}) ::dup2(nothing.get(), STDIN_FILENO);
  FileDescriptor log{::open(kernel_log_path, O_WRONLY | O_APPEND | O_NOCTTY | O_CLOEXEC)};
  if (!log) log = open_console();
  if (!log) return;
  ::dup2(log.get(), STDOUT_FILENO);
  ::dup2(log.get(), STDERR_FILENO);
}

void tell_console(std::string_view line) {
  auto console = open_console();
  if (!console) return;
  std::string text{line};
  text += "\r\n";
  (void)!::write(console.get(), text.data(), text.size());
}

void reset_console() {
  auto console = open_console();
  termios settings{};
  if (!console || ::tcgetattr(console.get(), &settings) < 0) return;
  settings.c_iflag = (settings.c_iflag & (IGNPAR | IUTF8)) | BRKINT | ICRNL | IXON;
  settings.c_oflag = OPOST | ONLCR;
  settings.c_cflag = (settings.c_cflag & (CBAUD | CBAUDEX | CSIZE | CSTOPB | PARENB | PARODD)) | HUPCL | CLOCAL | CREAD;
  settings.c_lflag = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN;
  ::tcsetattr(console.get(), TCSANOW, &settings);
}

void ask_kernel_for_signals() {
  ::reboot(RB_DISABLE_CAD); // of a namespace: refused, and not needed
  FileDescriptor terminal{::open("/dev/tty0", O_RDWR | O_NOCTTY | O_CLOEXEC)};
  if (terminal) ::ioctl(terminal.get(), KDSIGACCEPT, SIGWINCH);
}

} // namespace upstart::init
