// The ids that were given out, and how those events ended that are pending no more: nearly all well, so that only the
// failures are remembered, and of those the last.
#pragma once

#include "daemons/event-broker/values/effects.hpp"

#include <expected>
#include <set>

namespace upstart::broker {

class Outcomes {
public:
  // As many failures are remembered.
  explicit Outcomes(std::size_t failures) : most_failures_{failures} {}

  // The id that the next event gets.
  [[nodiscard]] EventId next_id() const { return next_id_; }
  void given_out(EventId id);
  // Ids have to be reserved in good time, by a change that is written down; empty when there are enough.
  [[nodiscard]] std::optional<IdsReserved> reserve();
  // What was written down may lack reservations: goes far beyond every id that may have been given out.
  void skip_what_may_be_given_out();

  void failed(EventId id);

  enum class Unknown : std::uint8_t { never_given_out, forgotten };
  // Whether an event that is not pending has failed.
  [[nodiscard]] std::expected<bool, Unknown> of(EventId id) const;

  void restore(const IdsReserved& change);
  void restore(const FailuresForgotten& change);
  // The shortest list of changes that restores this.
  void add_snapshot(std::vector<Change>& changes) const;

private:
  std::size_t most_failures_;
  EventId next_id_ = 1;
  EventId reserved_up_to_ = 0;
  std::set<EventId> failures_;
  EventId forgotten_up_to_ = 0;
};

} // namespace upstart::broker
