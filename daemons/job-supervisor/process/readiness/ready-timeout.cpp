#include "daemons/job-supervisor/process/readiness/ready-timeout.hpp"

#include <uv.h>

#include <algorithm>
#include <utility>

namespace upstart::supervisor {

namespace {

constexpr std::chrono::milliseconds longest_between_looks{1000};

Silence::Time now() { return std::chrono::duration_cast<Silence::Time>(std::chrono::nanoseconds{uv_hrtime()}); }

} // namespace

SilenceStep Silence::looked_at(Time now, const std::string& activity) {
  settling_.looked_at(now, activity);
  if (settling_.exhausts(times_.acceptance)) return SilenceStep::accept;
  if (settling_.quiet() < times_.quiet_to_warning || std::exchange(warned_, true)) return SilenceStep::wait;
  return SilenceStep::warn;
}

SilenceWatch::SilenceWatch(base::EventLoop& loop, const SilenceTimes& times, Calls calls)
    : calls_{std::move(calls)},
      silence_{times},
      look_every_{std::min(longest_between_looks, times.quiet_to_warning / 4)},
      timer_{loop, [this] { look(); }} {}

void SilenceWatch::begin() {
  silence_.begin(now());
  timer_.start_repeating(look_every_);
}

void SilenceWatch::word() { silence_.begin(now()); }

void SilenceWatch::look() {
  switch (silence_.looked_at(now(), look_at(calls_.process()).activity)) {
  case SilenceStep::wait: return;
  case SilenceStep::warn: return calls_.warn();
  case SilenceStep::accept: timer_.stop(); return calls_.accept(); // may destroy this
  }
}

} // namespace upstart::supervisor
