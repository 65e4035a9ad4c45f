// Looks at a process from time to time, until it is told not to.
#pragma once

#include "daemons/job-supervisor/process/children.hpp"

#include <chrono>
#include <functional>
#include <string>

namespace upstart::supervisor {

// What changes whenever the process does something: its processor time and its descendants.
[[nodiscard]] std::string activity_of(pid_t pid);

// A process that should say something and does not: after it has done nothing for a while, or after a long time, the patience
// with it is at an end.
class Patience {
public:
  Patience(protocol::EventLoop& loop, std::function<pid_t()> process, std::function<void()> at_an_end);
  void begin();
  void end() { timer_.stop(); }

private:
  void look();

  std::function<pid_t()> process_;
  std::function<void()> at_an_end_;
  std::string activity_;
  std::chrono::seconds passed_{0}, quiet_{0};
  protocol::Timer timer_;
};

} // namespace upstart::supervisor
