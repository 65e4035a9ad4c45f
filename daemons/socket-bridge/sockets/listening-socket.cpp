#include "daemons/socket-bridge/sockets/listening-socket.hpp"

#include "daemons/socket-bridge/sockets/port-owner.hpp"
#include "daemons/socket-bridge/sockets/unix-diagnostics.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <pwd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <format>

namespace upstart::socket_bridge {

namespace {

using base::FileDescriptor;

// An O_PATH descriptor of the file that a socket is bound to, for who may administer the network; of linux/un.h, which
// does not go together with sys/un.h.
constexpr unsigned long open_bound_file = SIOCPROTOPRIVATE; // SIOCUNIXFILE

struct KernelAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

std::optional<unsigned> number_in(const std::string& text) {
  unsigned number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// Of a network interface, by its name or number; 0: there is none.
unsigned index_of(const std::string& interface) {
  auto index = ::if_nametoindex(interface.c_str());
  return index != 0 ? index : number_in(interface).value_or(0);
}

KernelAddress kernel_address(const SocketAddress& address) {
  KernelAddress result;
  switch (address.family) {
  case Family::inet: {
    auto& in = reinterpret_cast<sockaddr_in&>(result.storage);
    in.sin_family = AF_INET;
    in.sin_port = htons(address.port);
    ::inet_pton(AF_INET, address.host.c_str(), &in.sin_addr);
    result.size = sizeof in;
    break;
  }
  case Family::inet6: {
    auto& in = reinterpret_cast<sockaddr_in6&>(result.storage);
    in.sin6_family = AF_INET6;
    in.sin6_port = htons(address.port);
    auto [number, zone] = without_zone(address.host);
    ::inet_pton(AF_INET6, number.c_str(), &in.sin6_addr);
    in.sin6_scope_id = zone.empty() ? 0 : index_of(zone);
    result.size = sizeof in;
    break;
  }
  default: {
    auto& un = reinterpret_cast<sockaddr_un&>(result.storage);
    std::size_t before = address.family == Family::abstract ? 1 : 0;
    un.sun_family = AF_UNIX;
    std::memcpy(un.sun_path + before, address.path.data(), std::min(address.path.size(), sizeof un.sun_path - before));
    result.size =
        static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + before + address.path.size() + (before == 0 ? 1 : 0));
  }
  }
  return result;
}

int type_of(const SocketAddress& address) {
  return address.transport == Transport::datagram ? SOCK_DGRAM : SOCK_STREAM;
}

std::string reason(int error) { return std::strerror(error); }

std::string owner_or(const SocketAddress& address, const char* otherwise) {
  auto owner = owner_of(address);
  return owner.empty() ? otherwise : "another program (" + owner + ")";
}

std::string bind_reason(const SocketAddress& address, int error) {
  switch (error) {
  case EADDRINUSE: return "the address is in use by " + owner_or(address, "another program");
  case EADDRNOTAVAIL: return std::format("no interface of this machine has the address {}", address.host);
  case ENOENT: return std::format("the directory of {} does not exist", address.path);
  case EACCES:
    return address.has_file() ? std::format("no permission to create {}", address.path)
                              : std::format("no permission to bind port {}", address.port);
  default: return "unable to bind: " + reason(error);
  }
}

template <typename Value> bool set_option(int fd, int level, int option, Value value) {
  return ::setsockopt(fd, level, option, &value, sizeof value) == 0;
}

// Sets the file creation mask for as long as it lives.
class Umask {
public:
  explicit Umask(std::optional<unsigned> mode) {
    if (mode) before_ = ::umask(~*mode & 0777U);
  }
  Umask(const Umask&) = delete;
  Umask& operator=(const Umask&) = delete;
  ~Umask() {
    if (before_) ::umask(*before_);
  }

private:
  std::optional<mode_t> before_;
};

std::expected<uid_t, std::string> user_of(const std::string& owner) {
  if (owner.empty()) return static_cast<uid_t>(-1);
  if (auto number = number_in(owner)) return *number;
  if (const passwd* user = ::getpwnam(owner.c_str())) return user->pw_uid;
  return std::unexpected(std::format("there is no user {}", owner));
}

std::expected<gid_t, std::string> group_of(const std::string& name) {
  if (name.empty()) return static_cast<gid_t>(-1);
  if (auto number = number_in(name)) return *number;
  if (const group* entry = ::getgrnam(name.c_str())) return entry->gr_gid;
  return std::unexpected(std::format("there is no group {}", name));
}

// Whether nobody listens on a socket file. The kernel is asked who does, since a daemon that we connect to would serve
// us; only where it knows of none, as of one in another network namespace, a refused connection tells.
bool is_stale(const SocketAddress& address) {
  if (std::ranges::any_of(unix_sockets_at(address), &UnixSocket::takes_more)) return false;
  FileDescriptor probe{::socket(AF_UNIX, type_of(address) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  auto target = kernel_address(address);
  return probe && ::connect(probe.get(), target.get(), target.size) < 0 && errno == ECONNREFUSED;
}

// A Unix socket still counts as listening then, and one for datagrams never does; both can be read for ever.
bool is_shut_down(int fd) {
  pollfd socket{.fd = fd, .events = POLLRDHUP, .revents = 0};
  return ::poll(&socket, 1, 0) == 1 && (socket.revents & (POLLRDHUP | POLLHUP)) != 0;
}

bool is_connected(int fd) {
  KernelAddress peer;
  peer.size = sizeof peer.storage;
  return ::getpeername(fd, reinterpret_cast<sockaddr*>(&peer.storage), &peer.size) == 0;
}

// The address to which a socket is bound. One of any address that is connected has the address of that connection.
KernelAddress bound_address(int fd, const SocketAddress& address) {
  KernelAddress bound;
  bound.size = sizeof bound.storage;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&bound.storage), &bound.size) < 0) return {};
  if (!is_connected(fd)) return bound;
  if (address.host == "0.0.0.0") reinterpret_cast<sockaddr_in&>(bound.storage).sin_addr = {};
  if (address.host == "::") {
    reinterpret_cast<sockaddr_in6&>(bound.storage).sin6_addr = {};
    reinterpret_cast<sockaddr_in6&>(bound.storage).sin6_scope_id = 0;
  }
  return bound;
}

std::expected<void, std::string> clear_the_place(const SocketAddress& address) {
  struct stat file{};
  if (address.family != Family::unix_path || ::lstat(address.path.c_str(), &file) < 0) return {};
  if (!S_ISSOCK(file.st_mode)) return std::unexpected(std::format("{} exists and is not a socket", address.path));
  if (!is_stale(address))
    return std::unexpected(std::format("{} listens on {}", owner_or(address, "another program"), address.path));
  if (::unlink(address.path.c_str()) < 0)
    return std::unexpected(std::format("unable to replace the stale {}: {}", address.path, reason(errno)));
  return {};
}

} // namespace

std::expected<ListeningSocket, std::string> ListeningSocket::open(const SocketAddress& address,
                                                                  const Permissions& permissions) {
  if (address.family == Family::fifo) return open_fifo(address, permissions);
  if (auto zone = without_zone(address.host).second; !zone.empty() && index_of(zone) == 0)
    return std::unexpected(std::format("this machine has no interface {}", zone));
  auto target = kernel_address(address);
  FileDescriptor fd{::socket(target.storage.ss_family, type_of(address) | SOCK_CLOEXEC, 0)};
  if (!fd) return std::unexpected("unable to create a socket: " + reason(errno));
  ListeningSocket socket{address, std::move(fd)};
  auto outcome = clear_the_place(address).and_then([&] { return socket.bind_and_listen(permissions); });
  if (!outcome) {
    socket.remove_file();
    return std::unexpected(outcome.error());
  }
  return socket;
}

std::expected<void, std::string> ListeningSocket::bind_and_listen(const Permissions& permissions) {
  bool stream = address_.transport == Transport::stream;
  bool network = address_.family == Family::inet || address_.family == Family::inet6;
  // For datagrams the option would let a second program take the port.
  if (network && stream && !set_option(fd(), SOL_SOCKET, SO_REUSEADDR, 1))
    return std::unexpected("SO_REUSEADDR: " + reason(errno));
  if (address_.family == Family::inet6 && !set_option(fd(), IPPROTO_IPV6, IPV6_V6ONLY, 1))
    return std::unexpected("IPV6_V6ONLY: " + reason(errno));
  auto target = kernel_address(address_);
  {
    Umask mask{permissions.mode};
    if (::bind(fd(), target.get(), target.size) < 0) return std::unexpected(bind_reason(address_, errno));
  }
  file_ = bound_file();
  if (auto set = set_owner_and_mode(permissions, {}); !set) return set;
  if (stream && ::listen(fd(), SOMAXCONN) < 0) return std::unexpected(bind_reason(address_, errno));
  return {};
}

// Opened for reading and writing, so that it never reads as ended when a writer goes.
std::expected<ListeningSocket, std::string> ListeningSocket::open_fifo(const SocketAddress& address,
                                                                       const Permissions& permissions) {
  {
    Umask mask{permissions.mode};
    if (::mkfifo(address.path.c_str(), 0777) < 0 && errno != EEXIST)
      return std::unexpected(bind_reason(address, errno));
  }
  FileDescriptor fd{::open(address.path.c_str(), O_RDWR | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC)};
  if (!fd) return std::unexpected(std::format("unable to open {}: {}", address.path, reason(errno)));
  ListeningSocket fifo{address, std::move(fd)};
  if (!fifo.is_what_it_should_be()) return std::unexpected(std::format("{} exists and is not a FIFO", address.path));
  fifo.file_ = fifo.bound_file();
  fifo.set_blocking();
  if (auto set = fifo.set_permissions(permissions); !set) return std::unexpected(set.error());
  return fifo;
}

std::expected<ListeningSocket, std::string> ListeningSocket::adopt(const SocketAddress& address, FileDescriptor fd) {
  ListeningSocket socket{address, std::move(fd)};
  if (!socket.is_what_it_should_be()) return std::unexpected("it no longer listens at this address");
  socket.file_ = socket.bound_file();
  if (!socket.is_reachable()) return std::unexpected(std::format("{} no longer exists", address.path));
  return socket;
}

bool ListeningSocket::is_what_it_should_be() const {
  if (address_.family == Family::fifo) {
    struct stat file{};
    return ::fstat(fd(), &file) == 0 && S_ISFIFO(file.st_mode);
  }
  auto bound = bound_address(fd(), address_);
  auto wanted = kernel_address(address_);
  if (bound.size != wanted.size || std::memcmp(&bound.storage, &wanted.storage, wanted.size) != 0) return false;
  if (is_shut_down(fd())) return false;
  if (address_.transport == Transport::datagram) return true;
  int listening = 0;
  socklen_t size = sizeof listening;
  return ::getsockopt(fd(), SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) == 0 && listening != 0;
}

std::optional<ListeningSocket::File> ListeningSocket::file_there() const {
  struct stat file{};
  if (!address_.has_file() || ::lstat(address_.path.c_str(), &file) < 0) return std::nullopt;
  return File{file.st_dev, file.st_ino};
}

std::optional<ListeningSocket::File> ListeningSocket::bound_file() const {
  struct stat file{};
  if (!address_.has_file()) return std::nullopt;
  if (address_.family == Family::fifo) {
    if (::fstat(fd(), &file) < 0) return std::nullopt;
    return File{file.st_dev, file.st_ino};
  }
  FileDescriptor bound{::ioctl(fd(), open_bound_file)};
  if (!bound || ::fstat(bound.get(), &file) < 0) return file_there();
  return File{file.st_dev, file.st_ino};
}

FileDescriptor ListeningSocket::own_file() const {
  if (address_.family == Family::fifo) return fd_.duplicate();
  FileDescriptor file{::open(address_.path.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC)};
  struct stat status{};
  if (!file || ::fstat(file.get(), &status) < 0 || !file_ || File{status.st_dev, status.st_ino} != *file_) return {};
  return file;
}

std::string ListeningSocket::why_unreachable() const {
  if (!is_what_it_should_be()) return "it was shut down";
  bool has_its_file = !address_.has_file() || (file_ && file_there() == file_);
  return has_its_file ? "" : "its file has been removed or replaced";
}

bool ListeningSocket::is_in_the_way_of(const SocketAddress& other) const {
  if (other.has_file()) {
    struct stat there{};
    return file_ && ::lstat(other.path.c_str(), &there) == 0 && File{there.st_dev, there.st_ino} == *file_;
  }
  if (address_.family != other.family || address_.transport != other.transport || address_.port != other.port)
    return false;
  if (other.family == Family::abstract) return address_.path == other.path;
  auto is_any = [](const auto& host) { return host == "0.0.0.0" || host == "::"; };
  return address_.host == other.host || is_any(address_.host) || is_any(other.host);
}

void ListeningSocket::dissolve_connection() const {
  if (address_.transport != Transport::datagram || !is_connected(fd())) return;
  const sockaddr nobody{.sa_family = AF_UNSPEC, .sa_data = {}};
  ::connect(fd(), &nobody, sizeof nobody);
  int error = 0; // of the connection, or it would be told to the next job
  socklen_t size = sizeof error;
  ::getsockopt(fd(), SOL_SOCKET, SO_ERROR, &error, &size);
}

void ListeningSocket::set_blocking() const {
  int flags = ::fcntl(fd(), F_GETFL);
  if (flags >= 0 && (flags & O_NONBLOCK) != 0) ::fcntl(fd(), F_SETFL, flags & ~O_NONBLOCK);
}

std::expected<void, std::string> ListeningSocket::set_owner_and_mode(const Permissions& permissions,
                                                                     std::optional<unsigned> mode) const {
  auto user = user_of(permissions.owner);
  if (!user) return std::unexpected(user.error());
  auto group = group_of(permissions.group);
  if (!group) return std::unexpected(group.error());
  bool owned = *user != static_cast<uid_t>(-1) || *group != static_cast<gid_t>(-1);
  if (!owned && !mode) return {};
  auto file = own_file();
  if (!file)
    return std::unexpected(
        std::format("unable to set the owner and mode of {}: another file is in its place", address_.path));
  if (owned && ::fchownat(file.get(), "", *user, *group, AT_EMPTY_PATH) < 0)
    return std::unexpected(std::format("unable to set the owner of {}: {}", address_.path, reason(errno)));
  // The kernel has no fchmod of a descriptor that is only a path.
  if (mode && ::chmod(std::format("/proc/self/fd/{}", file.get()).c_str(), *mode) < 0)
    return std::unexpected(std::format("unable to set the mode of {}: {}", address_.path, reason(errno)));
  return {};
}

std::expected<void, std::string> ListeningSocket::set_permissions(const Permissions& permissions) const {
  return address_.has_file() ? set_owner_and_mode(permissions, permissions.mode) : std::expected<void, std::string>{};
}

void ListeningSocket::remove_file() const {
  if (file_ && file_there() == file_) ::unlink(address_.path.c_str());
}

} // namespace upstart::socket_bridge
