#include "daemons/bridge/by-hand.hpp"

#include "protocol/names.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spdlog/spdlog.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <format>
#include <string_view>

namespace upstart::bridge {

namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

struct flock whole_file() {
  struct flock lock{};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  return lock;
}

// Whether the lock is this process's now; the error is why it can be nobody's.
std::expected<bool, int> take(int file) {
  auto lock = whole_file();
  if (::fcntl(file, F_SETLK, &lock) == 0) return true;
  if (errno == EAGAIN || errno == EACCES) return false;
  return std::unexpected(errno);
}

// The process that has the lock, nothing where nobody has it any more. One in another PID namespace has no number here.
std::expected<std::optional<pid_t>, int> holder(int file) {
  auto lock = whole_file();
  if (::fcntl(file, F_GETLK, &lock) < 0) return std::unexpected(errno);
  if (lock.l_type == F_UNLCK) return std::nullopt;
  if (lock.l_pid <= 0) return std::unexpected(ESRCH);
  return lock.l_pid;
}

std::expected<void, int> wait_for_end_of(pid_t pid) {
  base::FileDescriptor process{static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))};
  pollfd ended{process.get(), POLLIN, 0};
  if (!process && errno != ESRCH) return std::unexpected(errno);
  if (process && ::poll(&ended, 1, -1) < 0 && errno != EINTR) return std::unexpected(errno);
  return {};
}

// The parent ends.
void go_on_in_child() {
  auto child = ::fork();
  if (child < 0) {
    spdlog::error("unable to go to the background: {}", std::strerror(errno));
    ::_exit(EXIT_FAILURE);
  }
  if (child > 0) ::_exit(EXIT_SUCCESS);
}

} // namespace

bool ByHand::in_session() const { return user || (!system && !variable("UPSTART_SESSION").empty()); }

std::optional<std::string> ByHand::home() const {
  if (!in_session()) return std::nullopt;
  auto home = variable("HOME");
  return home.empty() ? std::nullopt : std::optional{home};
}

bool ByHand::is_unattended() const { return daemon || !variable("UPSTART_JOB").empty(); }

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
  go_on_in_child();
  ::setsid();
  go_on_in_child();
  base::FileDescriptor nothing{::open("/dev/null", O_RDWR | O_CLOEXEC)};
  for (int fd : {STDIN_FILENO, STDOUT_FILENO}) ::dup2(nothing.get(), fd);
}

std::expected<OnlyBridge, std::string> OnlyBridge::be(const std::string& run_directory, const std::string& name,
                                                      bool wait, const std::function<void()>& waiting) {
  auto path = std::format("{}/{}.lock", run_directory, name);
  base::FileDescriptor file{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)};
  auto failure = [&](int error) {
    const char* why = error == ESRCH ? "a process that is not of this PID namespace has it" : std::strerror(error);
    return std::unexpected(
        std::format("unable to lock {}, by which one process serves this Upstart as {}: {}", path, name, why));
  };
  while (file) {
    auto taken = take(file.get());
    if (!taken) return failure(taken.error());
    if (*taken) break;
    auto other = holder(file.get());
    if (!other) return failure(other.error());
    if (!*other) continue; // it has just ended
    if (!wait) return std::unexpected(std::format("process {} serves this Upstart as {} already", **other, name));
    spdlog::warn("process {} serves this Upstart as {}; waiting until it has ended", **other, name);
    if (waiting) waiting();
    if (auto waited = wait_for_end_of(**other); !waited) return failure(waited.error());
  }
  return OnlyBridge{std::move(file)};
}

} // namespace upstart::bridge
