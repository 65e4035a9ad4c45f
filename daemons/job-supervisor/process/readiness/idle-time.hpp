// How long a process has been idle: what each look at it shows, and the time since that changed last. What waits for a
// processor or a disk is not idle, and time in which nobody looked, as on a machine that is overloaded, does not count.
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
  bool busy = false;            // it or a descendant runs, or would if there were a processor or a disk for it
};
[[nodiscard]] Look look_at(pid_t pid);

// The time of the watch, and of it that since the last change. Pure.
class IdleTime {
public:
  using Time = std::chrono::milliseconds;

  // Of the time between two looks no more than `longest_gap` counts as idle: whoever did not come to look may have kept
  // the process from running, too.
  explicit IdleTime(Time longest_gap) : longest_gap_{longest_gap} {}
  // Starts the watch, also again.
  void begin(Time now);
  void looked_at(Time now, const Look& look);

  [[nodiscard]] Time began() const { return began_; }
  [[nodiscard]] Time idle() const { return idle_; }
  [[nodiscard]] Time passed(Time now) const { return now - began_; }
  [[nodiscard]] bool exceeds(const SettleTime& limit) const {
    return idle() >= limit.idle || passed(last_look_) >= limit.total;
  }

private:
  Time longest_gap_;
  std::string activity_;
  Time began_{0}, idle_{0}, last_look_{0};
};

} // namespace upstart::supervisor
