#include "integration-tests/boot/machine.hpp"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <thread>

namespace upstart::test {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

namespace {

// For what hangs: a hundred callers that each execute a program with sanitizers hold a slow machine for a minute.
constexpr auto time_limit = 120s;
constexpr auto run_limit = 60s;
constexpr unsigned long own_namespaces = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS;
constexpr const char* inner_path = "/upstart:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

// As fork, but the child is process 1 of new namespaces.
pid_t fork_machine() {
  return static_cast<pid_t>(::syscall(SYS_clone, own_namespaces | SIGCHLD, nullptr, nullptr, nullptr, 0));
}

int pidfd_of(pid_t pid) { return static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)); }

// Waits for a child for at most so long; its wait status.
std::optional<int> wait_for(pid_t pid, std::chrono::milliseconds bound) {
  int pidfd = pidfd_of(pid);
  pollfd watch{.fd = pidfd, .events = POLLIN, .revents = 0};
  int seen = ::poll(&watch, 1, static_cast<int>(bound.count()));
  ::close(pidfd);
  int status = 0;
  if (seen <= 0 || ::waitpid(pid, &status, 0) != pid) return std::nullopt;
  return status;
}

int exit_status(int status) { return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status); }

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> result;
  for (auto& string : strings) result.push_back(string.data());
  result.push_back(nullptr);
  return result;
}

std::string content_of(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{file}, {}};
}

// A temporary file, gone when closed, for the output of a program.
int output_file() { return ::open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600); }

std::string read_all(int fd) {
  std::string text;
  std::array<char, 4096> part{};
  ::lseek(fd, 0, SEEK_SET);
  for (ssize_t count = 0; (count = ::read(fd, part.data(), part.size())) > 0;)
    text.append(part.data(), static_cast<std::size_t>(count));
  ::close(fd);
  return text;
}

// A terminal that shows what is written to it as it is, and does not echo.
int open_terminal(std::string& name) {
  int master = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  REQUIRE(master >= 0);
  REQUIRE(::grantpt(master) == 0);
  REQUIRE(::unlockpt(master) == 0);
  name = ::ptsname(master);
  return master;
}

} // namespace

std::string Machine::impossible_because() {
  static const std::string reason = [] {
    pid_t pid = fork_machine();
    if (pid == 0) ::_exit(0);
    if (pid < 0) return std::string{"namespaces cannot be made: "} + std::strerror(errno);
    ::waitpid(pid, nullptr, 0);
    return std::string{};
  }();
  return reason;
}

Machine::Machine(Options options) : root_{UPSTART_BIN_DIRECTORY} {
  for (const auto& [name, text] : options.jobs) root_.write("/etc/init/" + name + ".conf", text);
  for (const auto& [path, text] : options.files) root_.write(path, text);
  if (options.outside) options.outside(root_.path());
  boot(options);
}

void Machine::boot(const Options& options) {
  std::string console;
  int inner = -1;
  if (options.has_terminal) {
    console_ = open_terminal(console);
    inner = ::open(console.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC);
  } else {
    std::array<int, 2> ends{};
    REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
    console_ = ends[0];
    inner = ends[1];
  }
  REQUIRE(inner >= 0);
  init_ = fork_machine();
  if (init_ == 0) {
    if (!root_.enter(options.has_dev, console)) {
      ::dprintf(inner, "boot: no root: %s\n", std::strerror(errno));
      ::_exit(126);
    }
    become_init(options, inner);
  }
  REQUIRE(init_ > 0);
  ::fcntl(console_, F_SETFL, O_NONBLOCK);
  ::close(inner);
}

// As the kernel would start it: standard descriptors on the console, a little environment, and nothing else.
void Machine::become_init(const Options& options, int console) {
  ::setsid();
  if (options.hostname) ::sethostname(options.hostname->data(), options.hostname->size());
  int input = options.has_terminal ? console : ::open("/dev/null", O_RDWR);
  ::dup2(input < 0 ? console : input, 0);
  ::dup2(console, 1);
  ::dup2(console, 2);
  if (options.inside && !options.inside()) ::dprintf(2, "boot: preparing failed: %s\n", std::strerror(errno));
  std::vector<std::string> arguments{"/upstart/init"};
  arguments.insert(arguments.end(), options.init_options.begin(), options.init_options.end());
  std::vector<std::string> environment;
  for (const auto& [key, value] : options.environment) environment.push_back(key + "=" + value);
  ::close_range(3, ~0U, 0);
  ::signal(SIGPIPE, SIG_DFL);
  ::execve(arguments.front().c_str(), pointers(arguments).data(), pointers(environment).data());
  ::dprintf(2, "boot: unable to execute init: %s\n", std::strerror(errno));
  ::_exit(127);
}

Machine::~Machine() {
  if (!ended_) {
    ::kill(init_, SIGKILL);
    ::waitpid(init_, nullptr, 0);
  }
  ::close(console_);
}

// In a child's child, since only a child can be in another PID namespace. Inside, `action` runs and ends the process
// with its answer.
int Machine::enter(const std::function<int()>& action, int out, int err) const {
  int inside = pidfd_of(init_);
  if (inside < 0) return 125;
  pid_t outer = ::fork();
  if (outer < 0) return ::close(inside), 125;
  if (outer == 0) {
    if (::setns(inside, static_cast<int>(own_namespaces)) < 0) ::_exit(125);
    pid_t inner = ::fork();
    if (inner < 0) ::_exit(125); // killing "it" would kill everything
    if (inner == 0) {
      ::setpgid(0, 0); // a `kill 0` inside is nobody's outside
      int null = ::open("/dev/null", O_RDONLY);
      if (null > 0) ::dup2(null, 0);
      ::dup2(out, 1);
      ::dup2(err, 2);
      ::close_range(3, ~0U, 0);
      ::_exit(action());
    }
    auto status = wait_for(inner, run_limit);
    if (!status) ::kill(inner, SIGKILL);
    ::_exit(status ? exit_status(*status) : 124);
  }
  ::close(inside);
  int status = 0;
  ::waitpid(outer, &status, 0);
  return exit_status(status);
}

Result Machine::run(const std::vector<std::string>& command) const {
  int out = output_file();
  int err = output_file();
  auto arguments = command;
  auto status = enter(
      [&] {
        std::vector<std::string> environment{std::string{"PATH="} + inner_path, "TERM=linux", "HOME=/root"};
        auto argument_pointers = pointers(arguments);
        ::setenv("PATH", inner_path, 1);
        ::execvpe(arguments.front().c_str(), argument_pointers.data(), pointers(environment).data());
        return 127;
      },
      out, err);
  return {status, read_all(out), read_all(err)};
}

Result Machine::initctl(std::vector<std::string> arguments) const {
  arguments.insert(arguments.begin(), "/upstart/initctl");
  return run(arguments);
}

void Machine::await_answers() {
  await("init answers", [this] { return initctl({"version"}).status == 0; });
}

void Machine::await(const std::string& what, const std::function<bool()>& condition) {
  auto end = Clock::now() + time_limit;
  while (!condition()) {
    if (!is_up() || Clock::now() > end) {
      FAIL("not seen: " << what << (ended_ ? " (the machine is down)" : "") << "\non the console:\n"
                        << said_ << "\nin the kernel log:\n"
                        << kernel_log());
      return;
    }
    std::this_thread::sleep_for(20ms);
  }
}

void Machine::await_text(const std::string& path, const std::string& text) {
  await(path + " holds " + text, [&] { return read(path).contains(text); });
}

void Machine::signal(int number) const {
  REQUIRE(!ended_);
  ::kill(init_, number);
}

void Machine::reboot(int command) const {
  int null = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  (void)enter([command] { return ::reboot(command); }, null, null);
  ::close(null);
}

std::optional<int> Machine::await_down(std::chrono::milliseconds bound) {
  auto end = Clock::now() + bound;
  while (!ended_) {
    pump(); // whoever writes to the console must not wait for the test
    ended_ = wait_for(init_, std::min(bound, 20ms));
    if (Clock::now() >= end) break;
  }
  pump();
  return ended_;
}

bool Machine::is_up() { return !await_down(0ms); }

void Machine::pump() {
  std::array<char, 4096> part{};
  for (ssize_t count = 0; (count = ::read(console_, part.data(), part.size())) > 0;)
    said_.append(part.data(), static_cast<std::size_t>(count));
}

const std::string& Machine::console() {
  pump();
  return said_;
}

void Machine::type(const std::string& text) { REQUIRE(::write(console_, text.data(), text.size()) >= 0); }

std::string Machine::read(const std::string& path) const { return content_of(root_.path() + path); }

pid_t Machine::daemon(const std::string& program) const {
  auto found = shell("for p in /proc/[0-9]*; do [ \"$(readlink $p/exe)\" = /upstart/" + program +
                     " ] && echo ${p#/proc/} && break; done");
  return std::atoi(found.out.c_str());
}

std::string Machine::main_process(const std::string& job) const {
  auto status = initctl({"status", job}).out;
  auto at = status.rfind("process ");
  return at == std::string::npos ? "" : status.substr(at + 8, status.find('\n', at) - at - 8);
}

} // namespace upstart::test
