#include "daemons/init/processes/launch.hpp"

#include "daemons/base/file-descriptor.hpp"
#include "daemons/base/log/log-stream.hpp"

#include <fcntl.h>
#include <grp.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstring>

namespace upstart::init {

using base::FileDescriptor;

namespace {

constexpr int first_descriptor = 3;
constexpr int not_run_status = 127;
constexpr std::size_t room_for_pid = 12;

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> result;
  for (auto& string : strings) result.push_back(string.data());
  result.push_back(nullptr);
  return result;
}

// All that the child needs, made before the fork.
struct Prepared {
  pid_t parent = ::getpid();
  std::vector<std::string> arguments;
  std::vector<std::string> environment;
  std::string listen_pid; // its number is filled in by the child
  std::vector<char*> argument_pointers;
  std::vector<char*> environment_pointers;
  std::vector<int> descriptors;
  rlimit open_files;
  std::string oom_score;
  std::string line_start;
  std::optional<Account> account;
};

void name_descriptors(const Launch& what, Prepared& prepared) {
  if (what.descriptors.empty()) return;
  std::string names = "LISTEN_FDNAMES=";
  for (const auto& [name, fd] : what.descriptors) {
    if (!prepared.descriptors.empty()) names += ':';
    names += name;
    prepared.descriptors.push_back(fd);
  }
  prepared.environment.push_back(std::move(names));
  prepared.environment.push_back("LISTEN_FDS=" + std::to_string(what.descriptors.size()));
}

void prepare(const Launch& what, Prepared& prepared) {
  prepared.arguments = {what.program};
  prepared.arguments.insert(prepared.arguments.end(), what.arguments.begin(), what.arguments.end());
  prepared.environment = what.environment;
  prepared.open_files = what.open_files;
  prepared.oom_score = what.oom_score;
  prepared.line_start = what.line_start;
  prepared.account = what.account;
  name_descriptors(what, prepared);
  prepared.listen_pid = "LISTEN_PID=" + std::string(room_for_pid, '\0');
  prepared.argument_pointers = pointers(prepared.arguments);
  prepared.environment_pointers = pointers(prepared.environment);
  prepared.environment_pointers.back() = prepared.listen_pid.data();
  prepared.environment_pointers.push_back(nullptr);
}

[[noreturn]] void give_up(const Prepared& prepared, const char* what) {
  auto line =
      prepared.line_start + "unable to " + what + " " + prepared.arguments.front() + ": " + std::strerror(errno) + "\n";
  base::LogStream{STDERR_FILENO}.write(line, [](auto) { return ""; });
  ::_exit(not_run_status);
}

void reset_signals() {
  for (int signal = 1; signal < NSIG; ++signal) ::signal(signal, SIG_DFL); // SIGKILL and the like refuse, and rightly
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

void set_oom_score(const std::string& score) {
  if (score.empty()) return;
  FileDescriptor file{::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC)};
  if (file && ::write(file.get(), score.data(), score.size()) < 0) return; // it is spared, as init is
}

// The signal comes only if the parent dies after this; if it died before, there is another parent now.
void end_with_parent(const Prepared& prepared) {
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != prepared.parent) ::_exit(0);
}

// First out of the way of each other, then to their places; dup2 makes them last beyond exec.
bool place_descriptors(std::vector<int>& descriptors) {
  int end = first_descriptor + static_cast<int>(descriptors.size());
  for (int& fd : descriptors)
    if (fd < end) fd = ::fcntl(fd, F_DUPFD_CLOEXEC, end);
  int place = first_descriptor;
  for (int fd : descriptors)
    if (fd < 0 || ::dup2(fd, place++) < 0) return false;
  ::close_range(static_cast<unsigned>(end), ~0U, 0);
  return true;
}

bool become(const Account& account) {
  return ::setgroups(0, nullptr) == 0 && ::setresgid(account.group, account.group, account.group) == 0 &&
         ::setresuid(account.user, account.user, account.user) == 0 && ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

[[noreturn]] void run(Prepared& prepared) {
  ::setsid();
  reset_signals();
  end_with_parent(prepared);
  if (!place_descriptors(prepared.descriptors)) give_up(prepared, "hand its descriptors to");
  ::setrlimit(RLIMIT_NOFILE, &prepared.open_files);
  set_oom_score(prepared.oom_score);
  if (prepared.account) {
    if (!become(*prepared.account)) give_up(prepared, "change to the account of");
    end_with_parent(prepared); // a change of the user takes it back
  }
  char* number = prepared.listen_pid.data() + std::strlen(prepared.listen_pid.c_str());
  std::to_chars(number, number + room_for_pid, ::getpid());
  ::execve(prepared.arguments.front().c_str(), prepared.argument_pointers.data(), prepared.environment_pointers.data());
  give_up(prepared, "run");
}

} // namespace

std::expected<pid_t, std::string> launch(const Launch& what) {
  Prepared prepared;
  prepare(what, prepared);
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, &before); // no signal handler of init may run in the child
  pid_t pid = ::fork();
  if (pid == 0) run(prepared);
  int error = errno;
  ::sigprocmask(SIG_SETMASK, &before, nullptr);
  if (pid < 0) return std::unexpected(std::string{"unable to fork: "} + std::strerror(error));
  return pid;
}

std::expected<pid_t, std::string> launch_command(std::vector<std::string> words, rlimit open_files) {
  auto arguments = pointers(words);
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, &before); // as above
  pid_t pid = ::fork();
  if (pid == 0) {
    ::setsid();
    reset_signals();
    if (::isatty(STDIN_FILENO) == 1) ::ioctl(STDIN_FILENO, TIOCSCTTY, 1);
    ::close_range(first_descriptor, ~0U, 0);
    ::setrlimit(RLIMIT_NOFILE, &open_files);
    ::execvp(arguments.front(), arguments.data());
    ::dprintf(STDERR_FILENO, "init: unable to run %s: %s\n", arguments.front(), std::strerror(errno));
    ::_exit(not_run_status);
  }
  int error = errno;
  ::sigprocmask(SIG_SETMASK, &before, nullptr);
  if (pid < 0) return std::unexpected(std::string{"unable to fork: "} + std::strerror(error));
  return pid;
}

} // namespace upstart::init
