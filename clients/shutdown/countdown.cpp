#include "clients/shutdown/countdown.hpp"

#include <algorithm>
#include <csignal>

namespace upstart::client {

namespace {

using std::chrono::nanoseconds;

nanoseconds now(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return std::chrono::seconds{time.tv_sec} + nanoseconds{time.tv_nsec};
}

sigset_t cancelling_signals() {
  sigset_t signals{};
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  return signals;
}

// False: a signal has come first.
bool sleep_for(nanoseconds time) {
  auto signals = cancelling_signals();
  constexpr auto ns_per_second = nanoseconds{std::chrono::seconds{1}}.count();
  timespec pause{.tv_sec = time.count() / ns_per_second, .tv_nsec = time.count() % ns_per_second};
  return ::sigtimedwait(&signals, nullptr, &pause) < 0;
}

} // namespace

Countdown::Countdown(const ShutdownTime& time, std::chrono::milliseconds minute)
    : minute_{minute},
      clock_{time.is_time_of_day ? CLOCK_REALTIME : CLOCK_BOOTTIME},
      end_{now(clock_) + time.minutes * minute_ - time.seconds_ago * minute_ / 60} {
  auto signals = cancelling_signals();
  ::sigprocmask(SIG_BLOCK, &signals, nullptr);
  (void)std::signal(SIGHUP, SIG_IGN);
}

nanoseconds Countdown::time_left() const { return std::max(end_ - now(clock_), nanoseconds{0}); }

std::int64_t Countdown::minutes_left() const { return (time_left() + minute_ - nanoseconds{1}) / minute_; }

// Wakes at least once a minute: the clock of the day may be set meanwhile.
bool Countdown::wait_for_next_minute() {
  const auto before = minutes_left();
  while (before > 0 && minutes_left() >= before) {
    auto until_less = time_left() - (minutes_left() - 1) * minute_;
    if (!sleep_for(std::clamp(until_less, nanoseconds{std::chrono::milliseconds{1}}, minute_))) return false;
  }
  return true;
}

} // namespace upstart::client
