#include "daemons/job-supervisor/process/notify/notify-sockets.hpp"

#include "daemons/job-supervisor/process/plan/sandbox-plan.hpp"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace upstart::supervisor {

namespace {

using base::FileDescriptor;

constexpr int most_attempts = 100'000; // each name that is taken is one of a service that runs

FileDescriptor open_socket() {
  FileDescriptor socket{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  int on = 1;
  if (socket && ::setsockopt(socket.get(), SOL_SOCKET, SO_PASSCRED, &on, sizeof on) < 0) socket.reset();
  return socket;
}

bool fits(const std::string& path) { return path.size() < sizeof(sockaddr_un::sun_path); }

// "@" stands for the zero byte of an abstract address.
bool bind_to(int socket, const std::string& address) {
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  if (!fits(address)) return false;
  std::memcpy(to.sun_path, address.data(), address.size());
  bool is_abstract = address.starts_with('@');
  if (is_abstract) to.sun_path[0] = '\0';
  auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.size() + (is_abstract ? 0 : 1));
  return ::bind(socket, reinterpret_cast<sockaddr*>(&to), size) == 0;
}

std::string address_of(int socket) {
  sockaddr_un address{};
  socklen_t size = sizeof address;
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) < 0 || address.sun_family != AF_UNIX)
    return {};
  std::size_t length = size - offsetof(sockaddr_un, sun_path);
  if (length == 0) return {};
  if (address.sun_path[0] == '\0') return "@" + std::string{address.sun_path + 1, length - 1};
  return address.sun_path;
}

// An abstract address that the kernel chooses; empty when that fails.
std::string bind_anywhere(int socket) {
  sa_family_t family = AF_UNIX;
  if (::bind(socket, reinterpret_cast<sockaddr*>(&family), sizeof family) < 0) return {};
  return address_of(socket);
}

} // namespace

NotifySocket::~NotifySocket() {
  if (fd && !address.starts_with('@')) ::unlink(address.c_str());
}

NotifySockets::NotifySockets(const std::string& run_directory, bool user_session, KeptDescriptors& kept)
    : user_session_{user_session}, kept_{kept} {
  struct stat status{};
  if (run_directory.empty() || ::stat(run_directory.c_str(), &status) < 0) return;
  open_to_others_ = (status.st_mode & S_IXOTH) != 0;
  std::string directory = run_directory + "/job-notify";
  if (::mkdir(directory.c_str(), 0711) < 0 && errno != EEXIST) return;
  directory_ = std::move(directory);
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator{directory_, ignored})
    earlier_.insert(entry.path().filename().string());
}

bool NotifySockets::can_use_path(const JobClass& job_class) const {
  if (directory_.empty() || !job_class.chroot.empty() || hides(*job_class.sandbox, directory_)) return false;
  // A service of the system may become another user by itself.
  return open_to_others_ || (user_session_ && job_class.setuid.empty());
}

std::expected<NotifySocket, int> NotifySockets::bound(FileDescriptor socket, std::string address) {
  auto keeping = kept_.keep(socket.get());
  return NotifySocket{std::move(socket), std::move(address), std::move(keeping)};
}

std::expected<NotifySocket, int> NotifySockets::make(const JobClass& job_class) {
  FileDescriptor socket = open_socket();
  if (!socket) return std::unexpected{errno};
  for (int attempt = 0; can_use_path(job_class) && attempt < most_attempts; ++attempt) {
    std::string path = directory_ + "/" + std::to_string(++last_);
    if (bind_to(socket.get(), path)) {
      ::chmod(path.c_str(), 0666); // who may notify is told by the credentials that come with each message
      return bound(std::move(socket), std::move(path));
    }
    if (errno != EADDRINUSE || !fits(path)) break;
  }
  std::string address = bind_anywhere(socket.get());
  if (address.empty()) return std::unexpected{errno};
  return bound(std::move(socket), std::move(address));
}

std::expected<NotifySocket, int> NotifySockets::take_up(std::uint64_t number, const std::string& address) {
  earlier_.erase(std::filesystem::path{address}.filename().string());
  auto kept = kept_.take(number);
  if (kept.fd) return NotifySocket{std::move(kept.fd), address, std::move(kept.keeping)};
  FileDescriptor socket = open_socket();
  if (!socket) return std::unexpected{errno};
  if (!address.starts_with('@')) ::unlink(address.c_str());
  if (!bind_to(socket.get(), address)) return std::unexpected{errno};
  return bound(std::move(socket), address);
}

std::expected<NotifySocket, int> NotifySockets::take_up(const std::string& address) {
  auto kept = kept_.take_if([&](int fd) { return address_of(fd) == address; });
  if (!kept.fd) return take_up(0, address);
  earlier_.erase(std::filesystem::path{address}.filename().string());
  return NotifySocket{std::move(kept.fd), address, std::move(kept.keeping)};
}

void NotifySockets::remove_rest() {
  for (const std::string& name : earlier_) ::unlink((directory_ + "/" + name).c_str());
  earlier_.clear();
}

} // namespace upstart::supervisor
