#include "daemons/timer-bridge/clock/alarm.hpp"

#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <format>
#include <stdexcept>

namespace upstart::timer_bridge {

namespace {

constexpr std::int64_t ms_per_second = 1000, ns_per_ms = 1'000'000;

Milliseconds reading_of(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return Milliseconds{time.tv_sec * ms_per_second + time.tv_nsec / ns_per_ms};
}

base::FileDescriptor make_timer() {
  base::FileDescriptor fd{::timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC)};
  if (!fd) throw std::runtime_error(std::format("unable to make a timer: {}", std::strerror(errno)));
  return fd;
}

} // namespace

Now clocks() { return {PreciseTime{reading_of(CLOCK_REALTIME)}, reading_of(CLOCK_MONOTONIC)}; }

Alarm::Alarm(base::EventLoop& loop, std::function<void()> look)
    : look_{std::move(look)}, timer_{make_timer()}, watcher_{loop, timer_.get(), [this](unsigned) { ring(); }} {
  watcher_.watch(base::FdWatcher::readable);
}

// Rounded up, so that the time has come when it rings.
void Alarm::set(std::optional<PreciseTime> time) {
  itimerspec spec{};
  if (time) {
    auto milliseconds = std::max<std::int64_t>(1, time->time_since_epoch().count());
    spec.it_value.tv_sec = milliseconds / ms_per_second;
    spec.it_value.tv_nsec = milliseconds % ms_per_second * ns_per_ms + ns_per_ms / 2;
    if (spec.it_value.tv_nsec >= ms_per_second * ns_per_ms) {
      ++spec.it_value.tv_sec;
      spec.it_value.tv_nsec -= ms_per_second * ns_per_ms;
    }
  }
  // ECANCELED: the clock was set since the time was; it is armed nevertheless, but for a look at everything.
  if (::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &spec, nullptr) < 0 &&
      errno == ECANCELED)
    ::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &spec, nullptr);
}

// A read that fails with ECANCELED says that the clock was set.
void Alarm::ring() {
  std::uint64_t times = 0;
  if (::read(timer_.get(), &times, sizeof times) < 0 && errno == EAGAIN) return;
  look_();
}

} // namespace upstart::timer_bridge
