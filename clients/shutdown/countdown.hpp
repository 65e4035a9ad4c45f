// The time until a shutdown, and the wait for it. SIGINT and SIGTERM end the wait.
#pragma once

#include "clients/shutdown/schedule.hpp"

#include <chrono>
#include <ctime>

namespace upstart::client {

class Countdown {
public:
  // From now on the two signals do nothing by themselves, and a terminal that is closed ends nothing. `minute` is as
  // long as a minute is, but for tests.
  explicit Countdown(const ShutdownTime& time, std::chrono::milliseconds minute = std::chrono::minutes{1});

  // How many have begun until then: 0 when it is time.
  [[nodiscard]] std::int64_t minutes_left() const;
  // Waits until that number is less than now. False: cancelled.
  [[nodiscard]] bool wait_for_next_minute();

private:
  [[nodiscard]] std::chrono::nanoseconds time_left() const;

  std::chrono::nanoseconds minute_;
  clockid_t clock_; // of the time of day, or one that goes on while the machine sleeps
  std::chrono::nanoseconds end_;
};

} // namespace upstart::client
