#include "daemons/socket-bridge/testing/client.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cstring>
#include <stdexcept>

namespace upstart::socket_bridge::testing {

namespace {

struct Target {
  sockaddr_storage storage{};
  socklen_t size = 0;
  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

Target target_of(const SocketAddress& address) {
  Target target;
  if (address.family == Family::inet) {
    auto& in = reinterpret_cast<sockaddr_in&>(target.storage);
    in = {.sin_family = AF_INET, .sin_port = htons(address.port), .sin_addr = {}, .sin_zero = {}};
    ::inet_pton(AF_INET, address.host.c_str(), &in.sin_addr);
    target.size = sizeof in;
  } else if (address.family == Family::inet6) {
    auto& in = reinterpret_cast<sockaddr_in6&>(target.storage);
    in.sin6_family = AF_INET6;
    in.sin6_port = htons(address.port);
    ::inet_pton(AF_INET6, address.host.c_str(), &in.sin6_addr);
    target.size = sizeof in;
  } else {
    auto& un = reinterpret_cast<sockaddr_un&>(target.storage);
    std::size_t before = address.family == Family::abstract ? 1 : 0;
    un.sun_family = AF_UNIX;
    std::memcpy(un.sun_path + before, address.path.data(), address.path.size());
    target.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + before + address.path.size());
  }
  return target;
}

SocketAddress read(const std::string& text) {
  if (auto address = address_of_text(text)) return *address;
  throw std::runtime_error("no address: " + text);
}

base::FileDescriptor socket_for(const SocketAddress& address, const Target& target) {
  int type = address.transport == Transport::datagram ? SOCK_DGRAM : SOCK_STREAM;
  return base::FileDescriptor{::socket(target.storage.ss_family, type | SOCK_CLOEXEC, 0)};
}

} // namespace

base::FileDescriptor connect_to(const SocketAddress& address) {
  if (address.family == Family::fifo)
    return base::FileDescriptor{::open(address.path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC)};
  auto target = target_of(address);
  auto client = socket_for(address, target);
  if (::connect(client.get(), target.get(), target.size) < 0) return {};
  return client;
}

base::FileDescriptor connect_to(const std::string& address) { return connect_to(read(address)); }

base::FileDescriptor listen_on(const std::string& address) {
  auto place = read(address);
  auto target = target_of(place);
  auto fd = socket_for(place, target);
  if (::bind(fd.get(), target.get(), target.size) < 0) throw std::runtime_error("cannot bind " + address);
  if (place.transport == Transport::stream) ::listen(fd.get(), 5);
  return fd;
}

std::uint16_t free_port(Family family) {
  bool six = family == Family::inet6;
  base::FileDescriptor fd{::socket(six ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  sockaddr_storage storage{};
  storage.ss_family = six ? AF_INET6 : AF_INET;
  socklen_t size = six ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
  auto* name = reinterpret_cast<sockaddr*>(&storage);
  if (::bind(fd.get(), name, size) < 0 || ::getsockname(fd.get(), name, &size) < 0)
    throw std::runtime_error("no free port");
  return ntohs(six ? reinterpret_cast<sockaddr_in6&>(storage).sin6_port
                   : reinterpret_cast<sockaddr_in&>(storage).sin_port);
}

bool has_ipv6() {
  base::FileDescriptor fd{::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  sockaddr_in6 name{
      .sin6_family = AF_INET6, .sin6_port = 0, .sin6_flowinfo = 0, .sin6_addr = in6addr_loopback, .sin6_scope_id = 0};
  return fd && ::bind(fd.get(), reinterpret_cast<sockaddr*>(&name), sizeof name) == 0;
}

void send_text(const base::FileDescriptor& to, const std::string& words) {
  if (::write(to.get(), words.data(), words.size()) != static_cast<ssize_t>(words.size()))
    throw std::runtime_error("cannot write");
}

std::string receive_text(const base::FileDescriptor& from) {
  std::array<char, 256> buffer{};
  auto size = ::read(from.get(), buffer.data(), buffer.size());
  return size > 0 ? std::string(buffer.data(), static_cast<std::size_t>(size)) : std::string{};
}

base::FileDescriptor accept_on(int listening) {
  return base::FileDescriptor{::accept4(listening, nullptr, nullptr, SOCK_CLOEXEC)};
}

bool is_blocking(int fd) { return (::fcntl(fd, F_GETFL) & O_NONBLOCK) == 0; }

} // namespace upstart::socket_bridge::testing
