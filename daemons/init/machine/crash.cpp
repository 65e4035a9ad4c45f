#include "daemons/init/machine/crash.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string_view>

namespace upstart::init {

namespace {

constexpr const char* variable_name = "UPSTART_INIT_CRASHES"; // COUNT:TIME
constexpr std::array crash_signals{SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGSYS};

// Made beforehand: a handler must not allocate.
struct Prepared {
  std::vector<std::string> arguments;
  std::vector<char*> argument_pointers;
  std::vector<char*> environment; // of the process, and room for the note
  std::array<char, 64> note{};
  CrashNote crashes{}; // so far
};
Prepared& prepared() {
  static Prepared instance;
  return instance;
}
std::array<char, 64 * 1024> handler_stack;

long seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec;
}

void write_note() {
  auto& note = prepared().note;
  auto crashes = after_crash(prepared().crashes, seconds());
  auto prefix = std::string_view{variable_name};
  char* at = note.data() + prefix.copy(note.data(), prefix.size());
  *at++ = '=';
  at = std::to_chars(at, note.data() + note.size(), crashes.count).ptr;
  *at++ = ':';
  *std::to_chars(at, note.data() + note.size() - 1, crashes.when).ptr = '\0';
}

void tell(const char* path, std::string_view line) {
  int fd = ::open(path, O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC | O_APPEND);
  if (fd < 0) return;
  (void)!::write(fd, line.data(), line.size());
  ::close(fd);
}

void tell_crash(int signal) {
  std::array<char, 128> line{};
  std::string_view text = "<2>init: critical: crashed by signal ";
  char* at = line.data() + text.copy(line.data(), text.size());
  at = std::to_chars(at, line.data() + line.size(), signal).ptr;
  constexpr std::string_view rest = "; it is executed anew\r\n";
  at += rest.copy(at, rest.size());
  constexpr std::size_t severity = 3;
  tell("/dev/kmsg", {line.data(), static_cast<std::size_t>(at - line.data())});
  tell("/dev/console", {line.data() + severity, static_cast<std::size_t>(at - line.data()) - severity});
}

// By the default action of the signal that comes again in the child, where it is not process 1.
void leave_core(int signal) {
  pid_t child = ::_Fork();
  if (child == 0) {
    ::signal(signal, SIG_DFL);
    sigset_t it;
    ::sigemptyset(&it);
    ::sigaddset(&it, signal);
    ::sigprocmask(SIG_UNBLOCK, &it, nullptr);
    (void)!::chdir("/");
    ::raise(signal);
    ::_exit(1);
  }
  if (child > 0) ::waitpid(child, nullptr, 0);
}

void on_crash(int signal) {
  tell_crash(signal);
  leave_core(signal);
  write_note();
  ::execve(prepared().arguments.front().c_str(), prepared().argument_pointers.data(), prepared().environment.data());
  tell("/dev/console", "init: cannot be executed anew\r\n");
  while (true) ::pause(); // the kernel would panic otherwise
}

} // namespace

void survive_crashes(const std::vector<std::string>& arguments) {
  auto& all = prepared();
  all.arguments = arguments;
  for (auto& argument : all.arguments) all.argument_pointers.push_back(argument.data());
  all.argument_pointers.push_back(nullptr);
  for (char** entry = environ; *entry != nullptr; ++entry) all.environment.push_back(*entry);
  all.environment.push_back(all.note.data());
  all.environment.push_back(nullptr);
  stack_t stack{};
  stack.ss_sp = handler_stack.data();
  stack.ss_size = handler_stack.size();
  ::sigaltstack(&stack, nullptr);
  struct sigaction action{};
  action.sa_handler = on_crash;
  action.sa_flags = SA_ONSTACK | SA_NODEFER;
  for (int signal : crash_signals) ::sigaction(signal, &action, nullptr);
}

unsigned crashes_so_far() {
  const char* note = std::getenv(variable_name);
  if (note == nullptr) return 0;
  std::string_view text{note};
  auto& [count, when] = prepared().crashes;
  auto colon = std::min(text.find(':'), text.size());
  std::from_chars(text.data(), text.data() + colon, count);
  if (colon < text.size()) std::from_chars(text.data() + colon + 1, text.data() + text.size(), when);
  ::unsetenv(variable_name);
  return count;
}

std::string execute_anew() {
  auto& all = prepared();
  ::close_range(STDERR_FILENO + 1, ~0U, 0);
  ::execve(all.arguments.front().c_str(), all.argument_pointers.data(), environ);
  return std::strerror(errno);
}

} // namespace upstart::init
