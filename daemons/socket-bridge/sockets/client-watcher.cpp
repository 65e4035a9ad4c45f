#include "daemons/socket-bridge/sockets/client-watcher.hpp"

#include <sys/epoll.h>

#include <cerrno>
#include <system_error>

namespace upstart::socket_bridge {

namespace {

constexpr int at_once = 64;

void change(int set, int operation, int fd) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  if (::epoll_ctl(set, operation, fd, &event) < 0)
    throw std::system_error(errno, std::generic_category(), "watching a socket");
}

} // namespace

ClientWatcher::ClientWatcher(base::EventLoop& loop, std::function<void(int)> client_came)
    : set_{::epoll_create1(EPOLL_CLOEXEC)},
      client_came_{std::move(client_came)},
      watcher_{loop, set_.get(), [this](unsigned) { collect(); }} {
  watcher_.watch(base::FdWatcher::readable);
}

void ClientWatcher::watch(int fd) { change(set_.get(), EPOLL_CTL_ADD, fd); }
void ClientWatcher::unwatch(int fd) { change(set_.get(), EPOLL_CTL_DEL, fd); }

// One by one: what one client brings about may close another descriptor and give its number to a new one.
void ClientWatcher::collect() {
  epoll_event event{};
  for (int i = 0; i < at_once && ::epoll_wait(set_.get(), &event, 1, 0) == 1; ++i) client_came_(event.data.fd);
}

} // namespace upstart::socket_bridge
