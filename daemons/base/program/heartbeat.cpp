#include "daemons/base/program/heartbeat.hpp"

#include "daemons/base/program/heap.hpp"
#include "daemons/base/service-manager.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <format>

namespace upstart::base {

namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr const char* variable = "WATCHDOG_USEC";
constexpr milliseconds longest_between_looks{2'000};

// Where it rests even a little is worth giving back; while it works only what is much, and seldom.
constexpr std::size_t much = 2UL * 1024 * 1024;
constexpr std::size_t little = 256UL * 1024;
constexpr std::chrono::seconds between_give_backs{20};

microseconds& period_of_this_process() {
  static microseconds period{0};
  return period;
}

// Several looks in a period: a sign is due every half.
milliseconds time_between_looks(microseconds period) {
  if (period.count() == 0) return longest_between_looks;
  return std::clamp(std::chrono::duration_cast<milliseconds>(period / 5), milliseconds{1}, longest_between_looks);
}

} // namespace

void Heartbeat::take_period_from_environment() {
  const char* text = std::getenv(variable);
  if (text == nullptr) return;
  std::int64_t number = 0;
  auto [end, error] = std::from_chars(text, text + std::strlen(text), number);
  if (error == std::errc{} && *end == '\0' && number > 0) period_of_this_process() = microseconds{number};
  ::unsetenv(variable);
}

Heartbeat::Heartbeat(EventLoop& loop) : Heartbeat{loop, period_of_this_process()} {}

Heartbeat::Heartbeat(EventLoop& loop, microseconds period)
    : loop_{loop.raw()},
      activity_{loop_, [this] { begin(); }},
      period_{period},
      between_looks_{time_between_looks(period)},
      timer_{new uv_timer_t{}},
      last_give_back_{Clock::now()} {
  uv_timer_init(loop_, timer_.get());
  uv_unref(reinterpret_cast<uv_handle_t*>(timer_.get())); // nobody waits for it
  timer_->data = this;
}

void Heartbeat::begin() {
  if (!resting_) return;
  resting_ = false;
  if (period_.count() > 0) {
    notify_manager(std::format("WATCHDOG_USEC={}\nWATCHDOG=1", period_.count()));
    last_sign_ = Clock::now();
  }
  auto every = static_cast<std::uint64_t>(between_looks_.count());
  uv_update_time(loop_);
  uv_timer_start(
      timer_.get(),
      [](uv_timer_t* timer) {
        if (timer->data != nullptr) static_cast<Heartbeat*>(timer->data)->look();
      },
      every, every);
}

void Heartbeat::look() {
  if (!activity_.take()) return rest();
  send_sign();
  if (Clock::now() - last_give_back_ >= between_give_backs) give_back(much);
}

void Heartbeat::rest() {
  resting_ = true;
  uv_timer_stop(timer_.get());
  if (period_.count() > 0) notify_manager("WATCHDOG_USEC=0");
  give_back(little);
}

// The next look may come a little late.
void Heartbeat::send_sign() {
  auto now = Clock::now();
  if (period_.count() == 0 || now + between_looks_ - last_sign_ <= period_ / 2) return;
  notify_manager("WATCHDOG=1");
  last_sign_ = now;
}

void Heartbeat::give_back(std::size_t at_least) {
  give_back_free_memory(at_least);
  last_give_back_ = Clock::now();
}

} // namespace upstart::base
