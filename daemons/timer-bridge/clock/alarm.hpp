// One timerfd on the wall clock: tells when a time has come, and when the clock was set meanwhile. Costs nothing else.
#pragma once

#include "daemons/base/event-loop.hpp"
#include "daemons/base/file-descriptor.hpp"
#include "daemons/timer-bridge/core/timer-table.hpp"

#include <functional>
#include <optional>

namespace upstart::timer_bridge {

// Both clocks now.
[[nodiscard]] Now clocks();

class Alarm {
public:
  // `look`: the time has come, or the clock was set.
  Alarm(base::EventLoop& loop, std::function<void()> look);

  // Replaces the time; nothing: none.
  void set(std::optional<PreciseTime> time);

private:
  void ring();

  std::function<void()> look_;
  base::FileDescriptor timer_;
  base::FdWatcher watcher_;
};

} // namespace upstart::timer_bridge
