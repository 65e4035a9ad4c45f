#include "daemons/socket-bridge/sockets/orphaned-socket.hpp"

#include "daemons/socket-bridge/sockets/port-owner.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <format>
#include <utility>

namespace upstart::socket_bridge {

namespace {

using base::FileDescriptor;

// A client of the socket; empty, and errno set, where there can be none.
FileDescriptor client_of(const std::string& path) {
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  if (path.size() >= sizeof address.sun_path) return {};
  std::memcpy(address.sun_path, path.data(), path.size());
  FileDescriptor client{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (::connect(client.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return client;
  return {};
}

// The process that had it listen: the kernel tells the same of a listening socket and of its clients. 0: not told.
pid_t maker_of(const FileDescriptor& socket) {
  ucred maker{};
  socklen_t size = sizeof maker;
  return ::getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &maker, &size) == 0 ? maker.pid : 0;
}

bool has_died(pid_t process) { return process > 0 && ::kill(process, 0) < 0 && errno == ESRCH; }

bool is_trusted(uid_t user) { return user == 0 || user == ::geteuid(); }

auto time_of(const struct stat& file) { return std::pair{file.st_mtim.tv_sec, file.st_mtim.tv_nsec}; }

// Of a master of this very socket file.
bool is_left_behind(const std::string& control, const std::string& path) {
  struct stat own{}, socket{};
  if (::lstat(control.c_str(), &own) < 0 || ::lstat(path.c_str(), &socket) < 0) return false;
  if (!S_ISSOCK(own.st_mode) || !is_trusted(own.st_uid) || time_of(own) < time_of(socket)) return false;
  return !client_of(control) && errno == ECONNREFUSED;
}

// The holder's descriptor, if it is of the socket that this process made.
std::optional<ListeningSocket> copy_from(const Holder& holder, const SocketAddress& address, pid_t maker) {
  FileDescriptor process{static_cast<int>(::syscall(SYS_pidfd_open, holder.process, 0))};
  FileDescriptor copy{static_cast<int>(::syscall(SYS_pidfd_getfd, process.get(), holder.descriptor, 0))};
  if (!copy || maker_of(copy) != maker) return std::nullopt;
  auto socket = ListeningSocket::adopt(address, std::move(copy));
  return socket ? std::optional{std::move(*socket)} : std::nullopt;
}

} // namespace

std::expected<std::optional<ListeningSocket>, std::string> take_back(const SocketAddress& address,
                                                                     const SocketAddress& control) {
  if (address.family != Family::unix_path || !is_left_behind(control.path, address.path)) return std::nullopt;
  auto client = client_of(address.path);
  auto maker = client ? maker_of(client) : 0;
  if (!has_died(maker)) return std::nullopt;
  for (const auto& holder : holders_of(address))
    if (is_trusted(holder.user))
      if (auto socket = copy_from(holder, address, maker)) return socket;
  auto owner = owner_of(address);
  return std::unexpected(
      std::format("its master was killed, slaves still listen on {}{}, and the socket cannot be taken back from them; "
                  "end these first, or start the master as root",
                  address.path, owner.empty() ? "" : " (" + owner + ")"));
}

} // namespace upstart::socket_bridge
