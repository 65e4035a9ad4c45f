#include "daemons/bridge/by-hand.hpp"

#include "protocol/names.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spdlog/spdlog.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>
#include <format>
#include <string_view>

namespace upstart::bridge {

namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// The process that has the lock; 0: nobody has it.
pid_t holder(int file) {
  struct flock lock{};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  return ::fcntl(file, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK ? lock.l_pid : 0;
}

bool take(int file) {
  struct flock lock{};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  return ::fcntl(file, F_SETLK, &lock) == 0;
}

void wait_for_end_of(pid_t pid) {
  base::FileDescriptor process{static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))};
  pollfd ended{process.get(), POLLIN, 0};
  if (process) ::poll(&ended, 1, -1);
}

} // namespace

bool ByHand::in_session() const { return user || (!system && !variable("UPSTART_SESSION").empty()); }

std::optional<std::string> ByHand::home() const {
  if (!in_session()) return std::nullopt;
  auto home = variable("HOME");
  return home.empty() ? std::nullopt : std::optional{home};
}

std::expected<std::string, std::string> ByHand::run_directory() const {
  if (!in_session()) return protocol::run_directory::system;
  auto session = variable("UPSTART_SESSION"), runtime = variable("XDG_RUNTIME_DIR");
  if (session.empty())
    return std::unexpected("UPSTART_SESSION is not set, which names the session to serve; or give --run-directory DIR");
  if (runtime.empty())
    return std::unexpected("XDG_RUNTIME_DIR is not set, below which the session is; or give --run-directory DIR");
  auto of_user = session.substr(std::min(session.size(), std::string_view{protocol::address::session_prefix}.size()));
  auto pid = of_user.substr(of_user.find('/') + 1);
  auto directory = protocol::session_run_directory(runtime, pid.substr(0, pid.find('/')));
  if (::access(directory.c_str(), F_OK) < 0)
    return std::unexpected(std::format(
        "no session of Upstart is at {} (UPSTART_SESSION={}); or give --run-directory DIR", directory, session));
  return directory;
}

void go_to_background() {
  if (::fork() != 0) ::_exit(EXIT_SUCCESS);
  ::setsid();
  if (::fork() != 0) ::_exit(EXIT_SUCCESS);
  base::FileDescriptor nothing{::open("/dev/null", O_RDWR | O_CLOEXEC)};
  for (int fd : {STDIN_FILENO, STDOUT_FILENO}) ::dup2(nothing.get(), fd);
}

std::expected<OnlyBridge, std::string> OnlyBridge::be(const std::string& run_directory, const std::string& name,
                                                      bool wait) {
  base::FileDescriptor file{
      ::open(std::format("{}/{}.lock", run_directory, name).c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)};
  while (file && !take(file.get())) {
    auto other = holder(file.get());
    if (other == 0) continue;
    if (!wait) return std::unexpected(std::format("process {} serves this Upstart as {} already", other, name));
    spdlog::info("process {} serves this Upstart as {}; waiting until it has ended", other, name);
    wait_for_end_of(other);
  }
  return OnlyBridge{std::move(file)};
}

} // namespace upstart::bridge
