#include "daemons/socket-bridge/sharing/daemonization.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <system_error>

namespace upstart::socket_bridge {

namespace {

[[noreturn]] void wait_until_ready(int reading, pid_t child) {
  char byte = 0;
  ssize_t size = 0;
  do size = ::read(reading, &byte, 1);
  while (size < 0 && errno == EINTR);
  if (size == 1) std::_Exit(EXIT_SUCCESS);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  int exited = WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE;
  std::_Exit(exited == EXIT_SUCCESS ? EXIT_FAILURE : exited); // it has ended without ever being ready
}

} // namespace

void Daemonization::begin(Forks forks) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) < 0)
    throw std::system_error(errno, std::generic_category(), "unable to make a pipe");
  base::FileDescriptor reading{ends[0]};
  waiting_.reset(ends[1]);
  pid_t child = ::fork();
  if (child < 0) throw std::system_error(errno, std::generic_category(), "unable to fork");
  if (child > 0) {
    waiting_.reset();
    wait_until_ready(reading.get(), child);
  }
  ::setsid();
  if (forks == Forks::once) return;
  pid_t grandchild = ::fork();
  if (grandchild < 0) throw std::system_error(errno, std::generic_category(), "unable to fork");
  if (grandchild > 0) std::_Exit(EXIT_SUCCESS);
}

void Daemonization::ready() {
  if (!waiting_) return;
  base::FileDescriptor null{::open("/dev/null", O_RDWR | O_CLOEXEC)};
  for (int fd : {STDIN_FILENO, STDOUT_FILENO})
    if (null) ::dup2(null.get(), fd);
  [[maybe_unused]] auto written = ::write(waiting_.get(), "r", 1);
  waiting_.reset();
}

} // namespace upstart::socket_bridge
