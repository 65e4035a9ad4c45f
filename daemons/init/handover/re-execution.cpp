#include "daemons/init/handover/re-execution.hpp"

#include "daemons/base/file-descriptor.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace upstart::init {

using base::FileDescriptor;
using namespace std::chrono_literals;

namespace {

constexpr const char* variable_name = "UPSTART_INIT_STATE";
constexpr auto time_to_answer = 5s;
constexpr std::size_t longest_reason = 2000;

std::string because(const char* what) { return std::string{"unable to "} + what + ": " + std::strerror(errno); }

std::expected<FileDescriptor, std::string> write_state(const HandedState& state) {
  FileDescriptor file{::memfd_create("init-state", MFD_CLOEXEC | MFD_ALLOW_SEALING)};
  if (!file) return std::unexpected(because("make a memory file"));
  auto text = to_text(state);
  for (std::size_t done = 0; done < text.size();) {
    auto written = ::write(file.get(), text.data() + done, text.size() - done);
    if (written < 0 && errno != EINTR) return std::unexpected(because("write the state"));
    if (written > 0) done += static_cast<std::size_t>(written);
  }
  ::fcntl(file.get(), F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
  return file;
}

std::expected<std::string, std::string> read_state(int fd) {
  std::string text;
  std::array<char, 65536> part{};
  for (off_t at = 0;;) {
    auto count = ::pread(fd, part.data(), part.size(), at);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return std::unexpected(because("read the state"));
    if (count == 0) return text;
    text.append(part.data(), static_cast<std::size_t>(count));
    at += count;
  }
}

std::optional<int> number(std::string_view text) {
  int result = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), result);
  if (error != std::errc{} || end != text.data() + text.size() || result < 0) return std::nullopt;
  return result;
}

void set_close_on_exec(const std::vector<int>& descriptors, bool set) {
  for (int fd : descriptors) ::fcntl(fd, F_SETFD, set ? FD_CLOEXEC : 0);
}

[[noreturn]] void become_asked(const std::string& program, int state, int answer) {
  std::array<std::string, 3> words{program, check_option, std::to_string(state)};
  std::array<char*, 4> arguments{words[0].data(), words[1].data(), words[2].data(), nullptr};
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::fcntl(state, F_SETFD, 0);
  ::dup2(answer, STDOUT_FILENO);
  ::dup2(answer, STDERR_FILENO);
  ::execv(program.c_str(), arguments.data());
  auto reason = because("execute it");
  (void)!::write(answer, reason.data(), reason.size());
  ::_exit(127);
}

using Time = std::chrono::steady_clock::time_point;

bool is_readable(int fd, Time end) {
  while (true) {
    auto left = std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    pollfd watch{.fd = fd, .events = POLLIN, .revents = 0};
    int seen = left > 0ms ? ::poll(&watch, 1, static_cast<int>(left.count())) : 0;
    if (seen < 0 && errno == EINTR) continue;
    return seen > 0;
  }
}

// What the asked program says until it has ended, or closed its output; nothing: it does neither in time.
std::optional<std::string> hear(int answer, Time end) {
  std::string said;
  while (true) {
    if (!is_readable(answer, end)) return std::nullopt;
    std::array<char, 512> part{};
    auto count = ::read(answer, part.data(), part.size());
    if (count <= 0) return said;
    if (said.size() < longest_reason) said.append(part.data(), static_cast<std::size_t>(count));
  }
}

std::expected<void, std::string> ask(const std::string& program, int state) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) < 0) return std::unexpected(because("make a pipe"));
  FileDescriptor answer{ends[0]};
  FileDescriptor theirs{ends[1]};
  pid_t pid = ::fork();
  if (pid < 0) return std::unexpected(because("fork"));
  if (pid == 0) become_asked(program, state, theirs.get());
  theirs.reset();
  auto end = std::chrono::steady_clock::now() + time_to_answer;
  auto said = hear(answer.get(), end);
  FileDescriptor process{static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))};
  if (!said || !process || !is_readable(process.get(), end)) { // one that only closed its output holds up process 1
    ::kill(pid, SIGKILL);
    said.reset();
  }
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {}
  if (said && WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  if (!said) return std::unexpected(program + " did not answer whether it can take the state over");
  while (said->ends_with('\n')) said->pop_back();
  return std::unexpected(program + " cannot take the state over: " + (said->empty() ? "it does not say why" : *said));
}

} // namespace

std::string execute_with(const HandedState& state, const std::vector<std::string>& command_line) {
  auto file = write_state(state);
  if (!file) return file.error();
  if (auto willing = ask(command_line.front(), file->get()); !willing) return willing.error();
  auto words = command_line;
  std::vector<char*> arguments;
  for (auto& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  auto handed = descriptors_of(state);
  handed.push_back(file->get());
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, &before);
  ::setenv(variable_name, std::to_string(file->get()).c_str(), 1);
  set_close_on_exec(handed, false);
  ::execv(arguments.front(), arguments.data());
  auto reason = because("execute init anew");
  set_close_on_exec(handed, true);
  ::unsetenv(variable_name);
  ::sigprocmask(SIG_SETMASK, &before, nullptr);
  return reason;
}

std::optional<std::expected<HandedState, std::string>> take_handed_state() {
  const char* value = std::getenv(variable_name);
  if (value == nullptr) return std::nullopt;
  auto fd = number(value);
  ::unsetenv(variable_name);
  if (!fd) return std::unexpected("there is no such descriptor");
  FileDescriptor file{*fd};
  auto state = read_state(*fd).and_then(parse_state);
  if (state) set_close_on_exec(descriptors_of(*state), true);
  return state;
}

void let_signals_in() {
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

int check_state(const std::string& fd) {
  auto open = number(fd);
  auto state = open ? read_state(*open).and_then(parse_state) : std::unexpected("no descriptor is named");
  if (state) return 0;
  std::fputs((state.error() + "\n").c_str(), stderr);
  return 1;
}

} // namespace upstart::init
