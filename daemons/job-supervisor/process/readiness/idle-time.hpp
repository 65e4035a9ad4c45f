// How long a process has been idle: what each look at it shows, and the time since that changed last.
#pragma once

#include "daemons/job-supervisor/process/readiness/expect-timeouts.hpp"

#include <sys/types.h>

#include <chrono>
#include <string>

namespace upstart::supervisor {

// What one look shows.
struct Look {
  std::string activity;         // changes whenever the process does something: its processor time and its descendants
  bool has_descendants = false; // that live
};
[[nodiscard]] Look look_at(pid_t pid);

// The time of the watch, and of it that since the last change. Pure.
class IdleTime {
public:
  using Time = std::chrono::milliseconds;

  // Starts the watch, also again.
  void begin(Time now);
  void looked_at(Time now, const std::string& activity);

  [[nodiscard]] Time began() const { return began_; }
  [[nodiscard]] Time idle() const { return last_look_ - idle_since_; }
  [[nodiscard]] Time passed(Time now) const { return now - began_; }
  [[nodiscard]] bool exceeds(const SettleTime& limit) const {
    return idle() >= limit.idle || passed(last_look_) >= limit.total;
  }

private:
  std::string activity_;
  Time began_{0}, idle_since_{0}, last_look_{0};
};

} // namespace upstart::supervisor
