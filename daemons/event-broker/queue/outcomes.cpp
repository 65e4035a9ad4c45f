#include "daemons/event-broker/queue/outcomes.hpp"

#include <algorithm>

namespace upstart::broker {

namespace {

// As many ids as are reserved at a time; a restart skips what is left of them.
constexpr EventId reservation = 1U << 16U;

} // namespace

void Outcomes::given_out(EventId id) { next_id_ = std::max(next_id_, id + 1); }

std::optional<IdsReserved> Outcomes::reserve() {
  if (next_id_ + reservation / 2 <= reserved_up_to_) return std::nullopt;
  reserved_up_to_ = next_id_ - 1 + reservation;
  return IdsReserved{reserved_up_to_};
}

void Outcomes::skip_what_may_be_given_out() { next_id_ = std::max(next_id_, reserved_up_to_) + 2 * reservation; }

void Outcomes::failed(EventId id) {
  failures_.insert(id);
  if (failures_.size() <= most_failures_) return;
  forgotten_up_to_ = std::max(forgotten_up_to_, *failures_.begin());
  failures_.erase(failures_.begin());
}

std::expected<bool, Outcomes::Unknown> Outcomes::of(EventId id) const {
  if (failures_.contains(id)) return true;
  if (id == 0 || id >= next_id_) return std::unexpected(Unknown::never_given_out);
  if (id <= forgotten_up_to_) return std::unexpected(Unknown::forgotten);
  return false;
}

void Outcomes::restore(const IdsReserved& change) {
  reserved_up_to_ = std::max(reserved_up_to_, change.up_to);
  next_id_ = std::max(next_id_, change.up_to + 1);
}

void Outcomes::restore(const FailuresForgotten& change) { forgotten_up_to_ = std::max(forgotten_up_to_, change.up_to); }

void Outcomes::add_snapshot(std::vector<Change>& changes) const {
  changes.emplace_back(IdsReserved{reserved_up_to_});
  changes.emplace_back(FailuresForgotten{forgotten_up_to_});
  for (auto id : failures_) changes.emplace_back(EventEnded{id, true, std::nullopt});
}

} // namespace upstart::broker
