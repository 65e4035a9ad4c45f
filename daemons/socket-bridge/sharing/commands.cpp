#include "daemons/socket-bridge/sharing/commands.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <set>

namespace upstart::socket_bridge {

namespace {

constexpr int first_file = 3;
constexpr int not_executed = 127;

std::vector<char*> arguments_of(const std::vector<std::string>& command) {
  std::vector<char*> arguments;
  for (const auto& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  return arguments;
}

void reset_signals() {
  for (int signal : {SIGPIPE, SIGCHLD, SIGTERM, SIGINT, SIGHUP, SIGUSR1}) std::signal(signal, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

void forget_listening_convention() {
  for (const auto* variable : {"LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES", "UPSTART_FDS"}) ::unsetenv(variable);
}

void note_child(int) {}

} // namespace

int become(const std::vector<std::string>& command, base::FileDescriptor listening, const std::string& name) {
  forget_listening_convention();
  if (listening.get() == first_file) ::fcntl(first_file, F_SETFD, 0);
  else if (::dup2(listening.get(), first_file) < 0) {
    spdlog::error("unable to hand over the socket: {}", std::strerror(errno));
    return EXIT_FAILURE;
  }
  ::setenv("UPSTART_FDS", "3", 1);
  ::setenv("LISTEN_FDS", "1", 1);
  ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
  ::setenv("LISTEN_FDNAMES", name.c_str(), 1);
  reset_signals();
  auto arguments = arguments_of(command);
  ::execvp(arguments.front(), arguments.data());
  spdlog::error("unable to execute {}: {}", command.front(), std::strerror(errno));
  return not_executed;
}

pid_t run_for(const std::vector<std::string>& command, int connection) {
  auto arguments = arguments_of(command);
  pid_t child = ::fork();
  if (child < 0) spdlog::error("unable to start {} for a connection: {}", command.front(), std::strerror(errno));
  if (child != 0) return child;
  ::dup2(connection, STDIN_FILENO);
  ::dup2(connection, STDOUT_FILENO);
  forget_listening_convention();
  reset_signals();
  ::execvp(arguments.front(), arguments.data());
  std::string message =
      "socket-bridge: error: unable to execute " + command.front() + ": " + std::strerror(errno) + "\n";
  [[maybe_unused]] auto written = ::write(STDERR_FILENO, message.data(), message.size());
  ::_exit(not_executed);
}

// Signals arrive only while it waits, so that none is missed. The descriptor is not made non-blocking, since it is
// shared: where another has accepted the client meanwhile, this waits for the next one.
int serve_each(const std::vector<std::string>& command, int listening, std::size_t most) {
  struct sigaction action{};
  action.sa_handler = note_child;
  ::sigaction(SIGCHLD, &action, nullptr);
  sigset_t child_ends, while_waiting;
  sigemptyset(&child_ends);
  sigaddset(&child_ends, SIGCHLD);
  ::sigprocmask(SIG_BLOCK, &child_ends, &while_waiting);
  std::set<pid_t> running; // others are children that this process had before it became the slave
  for (;;) {
    for (pid_t child = 0; (child = ::waitpid(-1, nullptr, WNOHANG)) > 0;) running.erase(child);
    if (most > 0 && running.size() >= most) {
      ::sigsuspend(&while_waiting);
      continue;
    }
    pollfd waits{.fd = listening, .events = POLLIN, .revents = 0};
    if (::ppoll(&waits, 1, nullptr, &while_waiting) < 0) continue;
    base::FileDescriptor connection{::accept4(listening, nullptr, nullptr, SOCK_CLOEXEC)};
    if (connection) {
      if (auto child = run_for(command, connection.get()); child > 0) running.insert(child);
    } else if (errno == EINVAL || errno == EBADF) {
      spdlog::error("the socket no longer listens");
      return EXIT_FAILURE;
    }
  }
}

} // namespace upstart::socket_bridge
