#include "daemons/job-supervisor/process/readiness/ready-timeout.hpp"

#include <uv.h>

#include <algorithm>
#include <utility>

namespace upstart::supervisor {

namespace {

constexpr std::chrono::milliseconds longest_between_looks{1000};

constexpr std::chrono::hours longest_extension{24 * 365};

ReadyTimeout::Time now() {
  return std::chrono::duration_cast<ReadyTimeout::Time>(std::chrono::nanoseconds{uv_hrtime()});
}

} // namespace

ReadyTimeoutStep ReadyTimeout::looked_at(Time now, const Look& look) {
  idle_time_.looked_at(now, look);
  if (idle_time_.exceeds(timeouts_.acceptance)) return ReadyTimeoutStep::accept;
  SettleTime before_warning{timeouts_.idle_before_warning, timeouts_.total_before_warning};
  if (!idle_time_.exceeds(before_warning) || std::exchange(warned_, true)) return ReadyTimeoutStep::wait;
  return ReadyTimeoutStep::warn;
}

ReadyTimeoutWatch::ReadyTimeoutWatch(base::EventLoop& loop, const ReadyTimeouts& timeouts, Calls calls)
    : calls_{std::move(calls)},
      ready_timeout_{timeouts},
      look_every_{std::min(longest_between_looks, timeouts.idle_before_warning / 4)},
      timer_{loop, [this] { look(); }} {}

void ReadyTimeoutWatch::begin() {
  ready_timeout_.begin(now());
  timer_.start_repeating(look_every_);
}

void ReadyTimeoutWatch::restart() { ready_timeout_.begin(now()); }

void ReadyTimeoutWatch::extend(std::chrono::milliseconds by) {
  extended_until_ = std::max(extended_until_, now() + std::min<std::chrono::milliseconds>(by, longest_extension));
}

void ReadyTimeoutWatch::look() {
  if (now() < extended_until_) return restart();
  switch (ready_timeout_.looked_at(now(), look_at(calls_.process()))) {
  case ReadyTimeoutStep::wait: return;
  case ReadyTimeoutStep::warn: return calls_.warn();
  case ReadyTimeoutStep::accept: timer_.stop(); return calls_.accept(); // may destroy this
  }
}

} // namespace upstart::supervisor
