#include "daemons/init/machine/emergency.hpp"

#include "daemons/init/machine/console.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <thread>

namespace upstart::init {

using namespace std::chrono_literals;

namespace {

struct Shell {
  const char* path;
  const char* name;
};
constexpr std::array shells{
    Shell{"/sbin/sulogin", "sulogin"}, Shell{"/usr/sbin/sulogin", "sulogin"}, Shell{"/bin/sulogin", "sulogin"},
    Shell{"/bin/sh", "-sh"},           Shell{"/usr/bin/sh", "-sh"},           Shell{"/bin/busybox", "sh"},
};
constexpr std::array environment{"HOME=/root", "TERM=linux",
                                 "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"};
constexpr int no_shell_status = 127;
constexpr auto shortest_use = 500ms; // a shell that ends sooner was not used
constexpr auto pause_instead = 5s;

void take_console() {
  int console = ::open("/dev/console", O_RDWR);
  if (console < 0) return;
  ::ioctl(console, TIOCSCTTY, 1);
  for (int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(console, fd);
}

[[noreturn]] void become_shell() {
  for (int signal = 1; signal < NSIG; ++signal) ::signal(signal, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::setsid();
  take_console();
  ::close_range(STDERR_FILENO + 1, ~0U, 0);
  (void)!::chdir("/");
  std::array<char*, environment.size() + 1> variables{};
  for (std::size_t i = 0; i < environment.size(); ++i) variables[i] = const_cast<char*>(environment[i]);
  for (const auto& shell : shells) {
    std::array<char*, 2> arguments{const_cast<char*>(shell.name), nullptr};
    ::execve(shell.path, arguments.data(), variables.data());
  }
  ::_exit(no_shell_status);
}

// Others that end meanwhile stay zombies until there is somebody who wants to know how they ended.
void await_end(pid_t shell) {
  while (::waitpid(shell, nullptr, 0) < 0 && errno == EINTR) {}
}

} // namespace

std::expected<pid_t, std::string> start_emergency_shell() {
  reset_console();
  pid_t pid = ::fork();
  if (pid == 0) become_shell();
  if (pid < 0) return std::unexpected(std::string{"unable to fork: "} + std::strerror(errno));
  return pid;
}

std::string emergency_message(const std::string& why) {
  return "init: " + why +
         "\r\ninit: a shell follows; when it ends, init tries again. Repair what is wrong, and type exit.";
}

void run_emergency_shell(const std::string& why) {
  tell_console(emergency_message(why));
  auto begin = std::chrono::steady_clock::now();
  if (auto shell = start_emergency_shell()) await_end(*shell);
  else tell_console("init: no shell: " + shell.error());
  if (std::chrono::steady_clock::now() - begin < shortest_use) std::this_thread::sleep_for(pause_instead);
}

} // namespace upstart::init
