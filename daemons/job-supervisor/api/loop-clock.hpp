// The Clock port on the event loop.
#pragma once

#include "daemons/base/event-loop.hpp"
#include "daemons/job-supervisor/jobs/values/ports.hpp"

namespace upstart::supervisor {

class LoopClock final : public Clock {
public:
  explicit LoopClock(base::EventLoop& loop) : loop_{loop} {}

  [[nodiscard]] MonotonicTime now() const override {
    return std::chrono::duration_cast<MonotonicTime>(std::chrono::steady_clock::now().time_since_epoch());
  }
  [[nodiscard]] std::chrono::microseconds now_exactly() const override {
    return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now().time_since_epoch());
  }
  [[nodiscard]] std::unique_ptr<Alarm> after(std::chrono::milliseconds time, std::function<void()> action) override {
    return std::make_unique<LoopAlarm>(loop_, time, std::move(action));
  }
  void later(std::function<void()> action) override { loop_.defer(std::move(action)); }

private:
  struct LoopAlarm final : Alarm {
    LoopAlarm(base::EventLoop& loop, std::chrono::milliseconds time, std::function<void()> action)
        : timer{loop, std::move(action)} {
      timer.start(time);
    }
    base::Timer timer;
  };
  base::EventLoop& loop_;
};

} // namespace upstart::supervisor
