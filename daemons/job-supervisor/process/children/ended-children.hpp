// How children ended that this supervisor has reaped, in memory that outlives it: a file of the run directory, mapped.
// Written before each reaping, since from then on nobody else knows. A supervisor that dies between the reaping and its
// own journal loses nothing: the next one finds the end here. Only the last ones are kept.
#pragma once

#include "daemons/base/files/mapped-record.hpp"
#include "daemons/job-supervisor/process/children/process-tree.hpp"

#include <array>
#include <atomic>
#include <optional>
#include <string>

namespace upstart::supervisor {

class EndedChildren {
public:
  static constexpr std::size_t most_kept = 1024;

  // Opens the file or makes it; one of another boot or form is begun anew. Empty, or where that fails: nothing is kept,
  // and `error` is errno.
  explicit EndedChildren(const std::string& path) : ends_{path, "ends-1\n"} {}

  void add(const ProcessId& child, int wait_status);
  [[nodiscard]] std::optional<int> wait_status_of(const ProcessId& child) const;
  [[nodiscard]] int error() const { return ends_.error(); }

private:
  struct Entry {
    pid_t pid;
    int wait_status;
    std::uint64_t earliest, latest;
  };
  struct Ends {
    std::atomic<std::uint64_t> count;
    std::array<Entry, most_kept> entries; // the last ones; the next place is `count` modulo its size
  };
  static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

  base::MappedRecord<Ends> ends_;
};

} // namespace upstart::supervisor
