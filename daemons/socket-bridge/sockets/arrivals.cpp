#include "daemons/socket-bridge/sockets/arrivals.hpp"

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

Arrivals::Arrivals(base::EventLoop& loop, std::function<void(int)> arrived)
    : set_{::epoll_create1(EPOLL_CLOEXEC)},
      arrived_{std::move(arrived)},
      watcher_{loop, set_.get(), [this](unsigned) { look(); }} {
  watcher_.watch(base::FdWatcher::readable);
}

void Arrivals::expect(int fd) { change(set_.get(), EPOLL_CTL_ADD, fd); }
void Arrivals::ignore(int fd) { change(set_.get(), EPOLL_CTL_DEL, fd); }

// One by one: what one arrival brings about may close another descriptor and give its number to a new one.
void Arrivals::look() {
  epoll_event event{};
  for (int i = 0; i < at_once && ::epoll_wait(set_.get(), &event, 1, 0) == 1; ++i) arrived_(event.data.fd);
}

} // namespace upstart::socket_bridge
