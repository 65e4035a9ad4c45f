// By what init sees that a daemon does not hang, in the sd_notify convention, and at no cost while it is idle:
//
//   at the first activity after a rest    WATCHDOG_USEC=period, WATCHDOG=1   before anything is done
//   while it is active                    WATCHDOG=1                         at least every half period
//   after a while without activity        WATCHDOG_USEC=0                    it rests: nothing will come
//
// So init's clock runs only while the daemon is active, and so does the daemon's own. Whoever starts the daemon says
// the period in WATCHDOG_USEC; without it nothing is sent. In the same moments memory that is free is given back.
#pragma once

#include "daemons/base/activity.hpp"
#include "daemons/base/event-loop.hpp"

#include <chrono>

namespace upstart::base {

class Heartbeat {
public:
  using Clock = std::chrono::steady_clock;

  // Takes the period out of the environment, once, so that nobody whom this process starts takes it for its own.
  static void take_period_from_environment();

  // One for each loop, and not beyond it.
  explicit Heartbeat(EventLoop& loop);
  Heartbeat(EventLoop& loop, std::chrono::microseconds period); // 0: nothing is sent
  Heartbeat(const Heartbeat&) = delete;

private:
  void begin();
  void look();
  void rest();
  void send_sign();
  void give_back(std::size_t at_least);

  uv_loop_t* loop_;
  Activity activity_;
  std::chrono::microseconds period_;
  std::chrono::milliseconds between_looks_;
  detail::HandlePointer<uv_timer_t> timer_; // is no activity itself
  bool resting_ = true;
  Clock::time_point last_sign_;
  Clock::time_point last_give_back_;
};

} // namespace upstart::base
