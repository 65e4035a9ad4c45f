// How processes ended whose parent had died before them: init reaps them, keeps what it saw (bounded), and tells the
// job supervisor over an inherited descriptor of this name. To each supervisor it first tells all that it has kept,
// then that this was all, then each as it happens; so a supervisor that takes up the processes of one that died learns
// how those ended that nobody else has seen end. A process is named by pid and start time, since pids come again.
#pragma once

#include "daemons/base/event-loop.hpp"
#include "daemons/base/file-descriptor.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <type_traits>
#include <vector>

#include <sys/types.h>

namespace upstart::base {

// One packet. With pid 0: all that were kept have been told, and `status` older ones were forgotten for want of room.
struct OrphanExit {
  pid_t pid = 0;
  std::int32_t status = 0;       // as wait(2) has it
  std::uint64_t start_ticks = 0; // as in /proc/PID/stat; 0: could not be read
  pid_t session = 0;             // the number of its session; 0: could not be read
  std::uint32_t reserved = 0;
  std::int64_t reaped_ns = 0; // CLOCK_MONOTONIC
  friend bool operator==(const OrphanExit&, const OrphanExit&) = default;
};
static_assert(sizeof(OrphanExit) == 32 && std::is_trivially_copyable_v<OrphanExit>);

// The name that the descriptor is inherited under.
inline constexpr const char* orphan_exits_name = "exits";

// The reading end. Without a descriptor (a supervisor that no init started) there is never anything to read.
class OrphanExits {
public:
  using Ended = std::function<void(const OrphanExit&)>;

  // Takes the descriptor; an empty one is fine.
  explicit OrphanExits(FileDescriptor inherited);

  struct Kept {
    std::vector<OrphanExit> exits;
    std::uint64_t forgotten = 0; // how many older ones init has no more
    bool complete = false;       // false: init did not say within the limit that this was all
  };
  // Those that ended before. To be called once, before `watch`; waits for init, at most so long. What is not read
  // within the limit comes by `watch`.
  [[nodiscard]] Kept read_kept(std::chrono::milliseconds limit);

  // From now on `ended` is called from the loop for each. If init closes its end, nothing more comes.
  void watch(EventLoop& loop, Ended ended);

private:
  void drain(const Ended& ended);

  FileDescriptor source_;
  std::optional<FdWatcher> watcher_;
};

} // namespace upstart::base
