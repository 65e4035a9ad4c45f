// What the processes of a job use, with all that they have started: processor time and memory, from /proc.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace upstart::top {

struct Usage {
  std::chrono::microseconds cpu{0}; // of those that live now
  std::uint64_t memory = 0;         // bytes in memory
};

// Cost follows the number of these processes and of what they have started; processes that are gone use nothing.
// `proc` is where /proc is.
[[nodiscard]] Usage usage_of(std::span<const int> processes, const std::string& proc = "/proc");

// Turns processor times, looked at one after the other, into percent.
class CpuMeter {
public:
  using Clock = std::chrono::steady_clock;
  // Begins a look at this time.
  void look(Clock::time_point now);
  // Of the one who is called so, since the last look; 0 where there was none, or where processes have ended since.
  [[nodiscard]] double percent(const std::string& name, std::chrono::microseconds cpu);

private:
  std::map<std::string, std::chrono::microseconds> last_, present_;
  Clock::time_point last_time_{}, present_time_{};
};

} // namespace upstart::top
