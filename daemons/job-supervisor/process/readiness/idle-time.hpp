// Whether a process has come to rest: looks at it from time to time, and what is made of them.
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

// How long it has been waited for and how long it has been quiet. Pure.
class Settling {
public:
  using Time = std::chrono::milliseconds;

  void begin(Time now);
  void looked_at(Time now, const std::string& activity);

  [[nodiscard]] Time quiet() const { return last_look_ - quiet_since_; }
  [[nodiscard]] Time passed(Time now) const { return now - began_; }
  [[nodiscard]] bool exhausts(const Patience& patience) const {
    return quiet() >= patience.quiet || passed(last_look_) >= patience.most;
  }

private:
  std::string activity_;
  Time began_{0}, quiet_since_{0}, last_look_{0};
};

} // namespace upstart::supervisor
