#include "daemons/base/listen.hpp"

#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <string_view>

namespace upstart::base {

namespace {

struct UnixAddress {
  sockaddr_un address{};
  socklen_t size = 0;
  bool is_path = false;
};

std::expected<UnixAddress, std::string> unix_address(const std::string& text) {
  UnixAddress result;
  result.address.sun_family = AF_UNIX;
  std::string_view rest{text};
  auto take = [&](std::string_view prefix) {
    if (!rest.starts_with(prefix)) return false;
    rest = rest.substr(prefix.size(), rest.find(',') - prefix.size());
    return true;
  };
  if (take("unix:path=")) result.is_path = true;
  else if (!take("unix:abstract=")) return std::unexpected("not a unix:path= or unix:abstract= address: " + text);
  std::size_t offset = result.is_path ? 0 : 1;
  if (rest.empty() || rest.size() + offset >= sizeof result.address.sun_path)
    return std::unexpected("address empty or too long: " + text);
  std::memcpy(result.address.sun_path + offset, rest.data(), rest.size());
  result.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + offset + rest.size());
  return result;
}

} // namespace

std::expected<FileDescriptor, std::string> listen_at(const std::string& address) {
  auto target = unix_address(address);
  if (!target) return std::unexpected(target.error());
  FileDescriptor fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (!fd) return std::unexpected("unable to make a socket: " + std::string{std::strerror(errno)});
  if (target->is_path) ::unlink(target->address.sun_path);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&target->address), target->size) < 0 ||
      ::listen(fd.get(), SOMAXCONN) < 0)
    return std::unexpected("unable to listen at " + address + ": " + std::strerror(errno));
  return fd;
}

} // namespace upstart::base
