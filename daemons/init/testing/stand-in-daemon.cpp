// Stands in for a daemon in the tests of init: tells on standard output what happens to it, as "NAME WHAT …" lines,
// and does what a client of its sockets asks for: one line in, one line out. The environment sets what it does by
// itself:
//   STAND_IN_SLOW      names of daemons that are ready only when a client says "ready"
//   STAND_IN_STUBBORN  names of daemons that do not heed SIGTERM
//   STAND_IN_BRIDGES   what the supervisor says that jobs ask for; not set: socket-bridge
#include "daemons/base/orphan-exits.hpp"
#include "daemons/base/service-manager.hpp"
#include "protocol/bridges.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <format>
#include <string>
#include <vector>

using namespace upstart::base;

namespace {

std::string own_name;

void tell(const std::string& what) {
  auto line = own_name + " " + what + "\n";
  if (::write(STDOUT_FILENO, line.data(), line.size()) < 0) ::_exit(1);
}

bool is_listed(const char* variable) {
  const char* list = std::getenv(variable);
  return list != nullptr && std::strstr(list, own_name.c_str()) != nullptr;
}

FileDescriptor memory(const std::string& content) {
  FileDescriptor fd{::memfd_create("stand-in", MFD_CLOEXEC)};
  if (::write(fd.get(), content.data(), content.size()) < 0) ::_exit(1);
  return fd;
}

std::string content_of(int fd) {
  std::string result(100, '\0');
  auto length = ::pread(fd, result.data(), result.size(), 0);
  result.resize(length > 0 ? static_cast<std::size_t>(length) : 0);
  return result;
}

// A job: a process that outlives this one. It has been executed when this returns.
pid_t start_job() {
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addclosefrom_np(&actions, 3);
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  sigset_t none;
  ::sigemptyset(&none);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  ::setenv("UPSTART_JOB", "job", 1);
  const char* arguments[] = {"sleep", "1000", nullptr};
  pid_t pid = 0;
  if (::posix_spawnp(&pid, "sleep", &actions, &attributes, const_cast<char**>(arguments), environ) != 0) ::_exit(1);
  ::unsetenv("UPSTART_JOB");
  return pid;
}

std::string open_descriptors() {
  std::string result;
  for (int fd = 0; fd < 64; ++fd)
    if (::fcntl(fd, F_GETFD) >= 0) result += " " + std::to_string(fd);
  return result;
}

std::string execute(const std::string& command) {
  if (command == "ready") return notify_manager("READY=1") ? "ready" : "failed";
  if (command.starts_with("bridges "))
    return notify_manager(std::string{upstart::protocol::wanted_bridges_line} + command.substr(8)) ? "told" : "failed";
  if (command == "who") return own_name + " " + std::to_string(::getpid());
  if (command == "job") return std::to_string(start_job());
  if (command == "limit") {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    return std::to_string(limit.rlim_cur);
  }
  if (command.starts_with("environment ")) {
    const char* value = std::getenv(command.substr(12).c_str());
    return value == nullptr ? "(unset)" : value;
  }
  if (command.starts_with("keep "))
    return keep_descriptor(command.substr(5), memory(command.substr(5)).get()) ? "kept" : "failed";
  if (command.starts_with("keep-and-die ")) {
    keep_descriptor(command.substr(13), memory(command.substr(13)).get());
    ::raise(SIGKILL);
  }
  if (command.starts_with("forget ")) return forget_descriptor(command.substr(7)) ? "forgotten" : "failed";
  if (command == "hang" || command == "hang for good") {
    if (command != "hang") std::signal(SIGABRT, SIG_IGN);
    notify_manager("WATCHDOG=1");
    while (true) ::pause();
  }
  if (command == "rest") return notify_manager("WATCHDOG=1") && notify_manager("WATCHDOG_USEC=0") ? "rests" : "failed";
  if (command.starts_with("stop ")) {
    notify_manager("STOPPING=1");
    ::_exit(std::atoi(command.c_str() + 5));
  }
  return "what?";
}

void serve(int listening) {
  FileDescriptor client{::accept4(listening, nullptr, nullptr, SOCK_CLOEXEC)};
  if (!client) return;
  std::string command(200, '\0');
  auto length = ::read(client.get(), command.data(), command.size());
  if (length <= 0) return;
  command.resize(command.find('\n'));
  auto answer = execute(command) + "\n";
  if (::write(client.get(), answer.data(), answer.size()) < 0) tell("lost a client");
}

// False when nobody will tell any more.
bool hear_of_exit(int fd, bool& all_told) {
  OrphanExit exit;
  if (::recv(fd, &exit, sizeof exit, 0) != sizeof exit) return false;
  if (exit.pid == 0) all_told = true;
  else
    tell(std::format("heard that {} ended with {}, of session {}{}{}", exit.pid, exit.status, exit.session,
                     exit.start_ticks > 0 ? "" : ", started unknown when", all_told ? "" : ", before"));
  return true;
}

void on_signal(int signal) {
  tell(std::string{"got "} + ::sigabbrev_np(signal));
  if (signal != SIGTERM || is_listed("STAND_IN_STUBBORN")) return;
  notify_manager("STOPPING=1");
  ::_exit(0);
}

FileDescriptor signals() {
  sigset_t set;
  ::sigemptyset(&set);
  for (int signal : {SIGTERM, SIGHUP, SIGUSR1}) ::sigaddset(&set, signal);
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
  return FileDescriptor{::signalfd(-1, &set, SFD_CLOEXEC)};
}

std::string joined(int argc, char** argv) {
  std::string result;
  for (int i = 1; i < argc; ++i) result += std::string{" "} + argv[i];
  return result;
}

} // namespace

int main(int argc, char** argv) {
  own_name = std::filesystem::path{argv[0]}.filename();
  auto signal_source = signals();
  auto open = open_descriptors();
  auto given = inherited_descriptors();
  tell("started " + std::to_string(::getpid()) + joined(argc, argv));
  tell("has descriptors" + open);
  int exits = -1;
  bool all_told = false;
  std::vector<pollfd> watched{{signal_source.get(), POLLIN, 0}};
  for (const auto& [name, fd] : given) {
    int listening = 0;
    socklen_t size = sizeof listening;
    if (::getsockopt(fd.get(), SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) == 0 && listening != 0)
      watched.push_back({fd.get(), POLLIN, 0});
    else if (name == orphan_exits_name) exits = fd.get();
    else tell("was handed " + name + " holding " + content_of(fd.get()));
  }
  auto sockets_end = watched.size();
  if (exits >= 0) watched.push_back({exits, POLLIN, 0});
  if (own_name == "upstart-job-supervisor") {
    const char* bridges = std::getenv("STAND_IN_BRIDGES");
    execute(std::string{"bridges "} + (bridges == nullptr ? "socket-bridge" : bridges));
  }
  if (!is_listed("STAND_IN_SLOW")) {
    notify_manager("READY=1");
    tell("is ready");
  }
  while (::poll(watched.data(), watched.size(), -1) > 0) {
    if (watched.front().revents != 0) {
      signalfd_siginfo info{};
      if (::read(signal_source.get(), &info, sizeof info) == sizeof info) on_signal(static_cast<int>(info.ssi_signo));
    }
    for (std::size_t i = 1; i < sockets_end; ++i)
      if (watched[i].revents != 0) serve(watched[i].fd);
    if (exits >= 0 && watched.back().revents != 0 && !hear_of_exit(exits, all_told)) watched.back().fd = -1;
  }
}
