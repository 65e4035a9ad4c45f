#include "clients/base/plain/unix-socket.hpp"

#include "protocol/names.hpp"

#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <ranges>

namespace upstart::client {

namespace {

// Undoes the %XX of a value in a D-Bus address.
std::string unescaped(std::string_view value) {
  std::string plain;
  for (std::size_t i = 0; i < value.size(); ++i) {
    unsigned char byte = 0;
    bool escape = value[i] == '%' && i + 2 < value.size() &&
                  std::from_chars(&value[i + 1], &value[i + 1] + 2, byte, 16).ptr == &value[i + 1] + 2;
    plain += escape ? static_cast<char>(byte) : value[i];
    if (escape) i += 2;
  }
  return plain;
}

// The user that an Upstart may run as for this process: root and the user itself. Root may go to the session of any
// user, who must be the one that its address names.
bool is_trusted(uid_t server, const SocketName& socket_name) {
  if (server == 0 || server == ::geteuid()) return true;
  std::string_view session_prefix{protocol::address::session_prefix};
  session_prefix.remove_prefix(session_prefix.find('=') + 1);
  uid_t named = 0;
  return ::geteuid() == 0 && socket_name.abstract && socket_name.name.starts_with(session_prefix) &&
         std::from_chars(&socket_name.name[session_prefix.size()], &*socket_name.name.end(), named).ec == std::errc{} &&
         named == server;
}

} // namespace

std::optional<SocketName> socket_of(std::string_view address) {
  if (!address.starts_with("unix:")) return std::nullopt;
  for (auto part : address.substr(5) | std::views::split(',')) {
    std::string_view setting{part};
    if (setting.starts_with("path=")) return SocketName{unescaped(setting.substr(5)), false};
    if (setting.starts_with("abstract=")) return SocketName{unescaped(setting.substr(9)), true};
  }
  return std::nullopt;
}

std::expected<base::FileDescriptor, int> connect_to(const SocketName& socket_name, int flags) {
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  std::string name = socket_name.abstract ? std::string(1, '\0') + socket_name.name : socket_name.name;
  if (name.size() >= sizeof address.sun_path) return std::unexpected{ENAMETOOLONG};
  std::memcpy(address.sun_path, name.data(), name.size());
  auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size() + (socket_name.abstract ? 0 : 1));
  base::FileDescriptor descriptor{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0)};
  if (!descriptor) return std::unexpected{errno};
  int result = 0;
  do result = ::connect(descriptor.get(), reinterpret_cast<sockaddr*>(&address), length);
  while (result < 0 && errno == EINTR);
  if (result < 0) return std::unexpected{errno};
  return descriptor;
}

std::optional<uid_t> foreign_server(int descriptor, const SocketName& socket_name) {
  ucred server{};
  socklen_t size = sizeof server;
  if (::getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &server, &size) < 0) return static_cast<uid_t>(-1);
  return is_trusted(server.uid, socket_name) ? std::nullopt : std::optional{server.uid};
}

} // namespace upstart::client
