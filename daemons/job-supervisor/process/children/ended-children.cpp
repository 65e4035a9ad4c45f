#include "daemons/job-supervisor/process/children/ended-children.hpp"

#include <algorithm>

namespace upstart::supervisor {

void EndedChildren::add(const ProcessId& child, int wait_status) {
  if (!ends_) return;
  std::uint64_t count = ends_->count.load(std::memory_order_relaxed);
  ends_->entries[count % most_kept] = {child.pid, wait_status, child.earliest, child.latest};
  ends_->count.store(count + 1, std::memory_order_release);
}

// The intervals of both sides hold the true start.
std::optional<int> EndedChildren::wait_status_of(const ProcessId& child) const {
  if (!ends_) return std::nullopt;
  std::uint64_t count = ends_->count.load(std::memory_order_acquire);
  for (std::uint64_t back = 1; back <= std::min<std::uint64_t>(count, most_kept); ++back) {
    const Entry& entry = ends_->entries[(count - back) % most_kept];
    if (entry.pid != child.pid) continue;
    if (child.latest == 0 || (entry.earliest <= child.latest && child.earliest <= entry.latest))
      return entry.wait_status;
  }
  return std::nullopt;
}

} // namespace upstart::supervisor
