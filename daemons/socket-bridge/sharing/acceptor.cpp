#include "daemons/socket-bridge/sharing/acceptor.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace upstart::socket_bridge {

namespace {

constexpr std::chrono::milliseconds pause_without_descriptors{200};

bool is_over(int error) { return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM; }

} // namespace

std::string client_of(int connected) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (::getpeername(connected, reinterpret_cast<sockaddr*>(&storage), &size) < 0) return {};
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (storage.ss_family == AF_INET) {
    const auto& in = reinterpret_cast<const sockaddr_in&>(storage);
    return ::inet_ntop(AF_INET, &in.sin_addr, text.data(), text.size());
  }
  if (storage.ss_family == AF_INET6) {
    const auto& in = reinterpret_cast<const sockaddr_in6&>(storage);
    return ::inet_ntop(AF_INET6, &in.sin6_addr, text.data(), text.size());
  }
  ucred client{};
  size = sizeof client;
  if (::getsockopt(connected, SOL_SOCKET, SO_PEERCRED, &client, &size) < 0) return {};
  return "user " + std::to_string(client.uid);
}

Acceptor::Acceptor(base::EventLoop& loop, int listening, std::function<void(Accepted)> came)
    : listening_{listening},
      came_{std::move(came)},
      watcher_{loop, [this](int) { client_came(); }},
      pause_{loop, [this] { accept(true); }} {}

void Acceptor::accept(bool on) {
  pause_.stop();
  if (std::exchange(on_, on) == on) return;
  if (on) watcher_.watch(listening_);
  else watcher_.unwatch(listening_);
}

// One that is there is taken at once: the master is the only one who accepts.
void Acceptor::client_came() {
  base::FileDescriptor socket{::accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC)};
  if (socket) {
    auto client = client_of(socket.get());
    return came_({.socket = std::move(socket), .client = std::move(client)});
  }
  if (!is_over(errno)) return; // a client that has gone again
  spdlog::warn("unable to accept a connection: {}; clients wait", std::strerror(errno));
  accept(false);
  pause_.start(pause_without_descriptors);
}

} // namespace upstart::socket_bridge
