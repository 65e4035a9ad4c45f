// Notices a main process that becomes a daemon (it ends well and leaves other processes running) although its `expect`
// follows no forks: those others are not supervised.
#pragma once

#include "daemons/job-supervisor/process/readiness/readiness.hpp"

#include <cstdint>
#include <optional>

namespace upstart::supervisor {

class Daemonization {
public:
  Daemonization(MainProcess& main, std::chrono::milliseconds grace_period) : main_{main}, grace_period_{grace_period} {}

  // The first process has executed.
  void begin() { first_ = main_.child().pid(); }
  // From the end of the grace period after this on, a service may end for other reasons.
  void ready();
  // It is told to end, or is not the main process any more.
  void cancel() { first_ = 0; }
  void write(base::ByteWriter& out) const;
  void restore(base::ByteReader& in);
  // Whether this end of the first process is that of one that has become a daemon.
  [[nodiscard]] bool detected_in(int wait_status) const;

private:
  MainProcess& main_;
  std::chrono::milliseconds grace_period_;
  pid_t first_ = 0;
  std::optional<std::uint64_t> ready_since_{}; // nanoseconds of the loop's clock
};

} // namespace upstart::supervisor
