#include "daemons/job-supervisor/process/children/exit-watch.hpp"

#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <span>
#include <system_error>
#include <utility>

namespace upstart::supervisor {

namespace {

constexpr std::uint64_t of_signals = 0; // no process has that number

sigset_t child_signal() {
  sigset_t signals;
  ::sigemptyset(&signals);
  ::sigaddset(&signals, SIGCHLD);
  return signals;
}

base::FileDescriptor or_throw(int descriptor, const char* what) {
  if (descriptor < 0) throw std::system_error{errno, std::generic_category(), what};
  return base::FileDescriptor{descriptor};
}

bool block_child_signal() {
  sigset_t signals = child_signal(), before;
  ::pthread_sigmask(SIG_BLOCK, &signals, &before);
  return ::sigismember(&before, SIGCHLD) == 1;
}

base::FileDescriptor read_child_signal() {
  sigset_t signals = child_signal();
  return or_throw(::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK), "signalfd");
}

epoll_event event_of(std::uint64_t whose, unsigned events) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = whose;
  return event;
}

} // namespace

ExitWatch::ExitWatch(base::EventLoop& loop, Calls calls)
    : calls_{std::move(calls)},
      was_blocked_{block_child_signal()},
      signals_{read_child_signal()},
      all_{or_throw(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1")},
      watcher_{loop, all_.get(), [this](unsigned) { happened(); }} {
  epoll_event event = event_of(of_signals, EPOLLIN);
  if (::epoll_ctl(all_.get(), EPOLL_CTL_ADD, signals_.get(), &event) < 0)
    throw std::system_error{errno, std::generic_category(), "epoll_ctl"};
  watcher_.watch(base::FdWatcher::readable);
}

ExitWatch::~ExitWatch() {
  sigset_t signals = child_signal();
  if (!was_blocked_) ::pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
}

int ExitWatch::add(int pidfd, pid_t pid) {
  epoll_event event = event_of(static_cast<std::uint64_t>(pid), EPOLLIN | EPOLLONESHOT);
  return ::epoll_ctl(all_.get(), EPOLL_CTL_ADD, pidfd, &event) < 0 ? errno : 0;
}

void ExitWatch::await_reaping(int pidfd, pid_t pid) { again(pidfd, pid, EPOLLHUP); }
void ExitWatch::await_end(int pidfd, pid_t pid) { again(pidfd, pid, EPOLLIN); }

void ExitWatch::again(int pidfd, pid_t pid, unsigned events) {
  epoll_event event = event_of(static_cast<std::uint64_t>(pid), events | EPOLLONESHOT);
  ::epoll_ctl(all_.get(), EPOLL_CTL_MOD, pidfd, &event);
}

// The rest comes with the next look of the loop. The signal comes last: who has ended by then has been told.
void ExitWatch::happened() {
  std::array<epoll_event, 64> events;
  int count = ::epoll_wait(all_.get(), events.data(), static_cast<int>(events.size()), 0);
  bool signalled = false;
  for (const auto& event : std::span{events}.first(static_cast<std::size_t>(count < 0 ? 0 : count))) {
    if (event.data.u64 == of_signals) signalled = true;
    else calls_.ended(static_cast<pid_t>(event.data.u64));
  }
  signalfd_siginfo told{};
  if (signalled && ::read(signals_.get(), &told, sizeof told) > 0 && calls_.child_changed) calls_.child_changed();
}

} // namespace upstart::supervisor
