// When init hears that the supervisor is ready. A session is announced by that, and who is told of it may be a client
// of its bus: where that does not hold calls itself, the supervisor has its name by then, if the bus answers in time.
#pragma once

#include "daemons/base/event-loop.hpp"

#include <chrono>
#include <functional>
#include <utility>

namespace upstart::supervisor {

class ReadyNotice {
public:
  static constexpr std::chrono::milliseconds longest{1'000};

  // `notify` tells init. It is called once.
  ReadyNotice(base::EventLoop& loop, std::function<void()> notify)
      : notify_{std::move(notify)}, limit_{loop, [this] { name_settled(); }} {}

  // To be called before `ready`.
  void await_name() {
    awaits_name_ = true;
    limit_.start(longest);
  }
  // The supervisor has its name, or will not have it soon. Only the first call counts.
  void name_settled() {
    if (!std::exchange(awaits_name_, false)) return;
    limit_.stop();
    if (ready_) notify_();
  }
  // The supervisor itself is ready. Only the first call counts.
  void ready() {
    if (!std::exchange(ready_, true) && !awaits_name_) notify_();
  }
  // It is, whether init has heard of it or not.
  [[nodiscard]] bool is_ready() const { return ready_; }

private:
  std::function<void()> notify_;
  base::Timer limit_;
  bool awaits_name_ = false, ready_ = false;
};

} // namespace upstart::supervisor
