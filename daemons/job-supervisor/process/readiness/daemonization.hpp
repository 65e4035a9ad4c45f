// Notices a first process that detaches itself (it ends well and leaves others behind) although its `expect` follows no
// forks: those others are supervised by nobody.
#pragma once

#include "daemons/job-supervisor/process/readiness/readiness.hpp"

#include <cstdint>
#include <optional>

namespace upstart::supervisor {

class Detachment {
public:
  Detachment(MainProcess& main, std::chrono::milliseconds youth) : main_{main}, youth_{youth} {}

  // The first process has executed.
  void begin() { first_ = main_.child().pid(); }
  // Long after it was ready a service may end for other reasons.
  void ready();
  // It was ordered to end, or is not the main process any more.
  void excused() { first_ = 0; }
  [[nodiscard]] bool seen_in(int wait_status) const;

private:
  MainProcess& main_;
  std::chrono::milliseconds youth_;
  pid_t first_ = 0;
  std::optional<std::uint64_t> ready_since_{}; // nanoseconds of the loop's clock
};

} // namespace upstart::supervisor
