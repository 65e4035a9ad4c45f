// Of a list of what is to leave the supervisor: where in it the effects stand that are written down before they are
// carried out, the operations of each job and the starts of processes. The list only grows; each of its values is
// looked at once, however often is asked while thousands wait in it.
#pragma once

#include "daemons/job-supervisor/jobs/core/turn.hpp"
#include "daemons/job-supervisor/jobs/records/records.hpp"

#include <optional>
#include <unordered_map>
#include <vector>

namespace upstart::supervisor {

// The process that this starts, if it does that.
[[nodiscard]] std::optional<record::Spawn> spawn_in(const Outgoing& outgoing);

class PendingEffects {
public:
  using Places = std::vector<std::size_t>; // in the list, in order

  // Looks at what has been added to the list since the last time.
  void look_at(const std::vector<Outgoing>& list);
  // The operations of a job; null: it has none.
  [[nodiscard]] const Places* operations_of(JobId job) const;
  [[nodiscard]] const std::unordered_map<JobId, Places>& operations() const { return operations_; }
  [[nodiscard]] const Places& spawns() const { return spawns_; }

private:
  std::size_t seen_ = 0;
  std::unordered_map<JobId, Places> operations_;
  Places spawns_;
};

} // namespace upstart::supervisor
