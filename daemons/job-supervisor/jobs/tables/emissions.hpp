// The events that are emitted here, by clients and by jobs, from the moment in which they are emitted until they have
// finished, and who waits for that.
#pragma once

#include "daemons/job-supervisor/jobs/tables/changes.hpp"
#include "daemons/job-supervisor/jobs/values/ports.hpp"

#include <optional>
#include <unordered_map>
#include <variant>

namespace upstart::supervisor {

// An instance of a job, never used again; from 1.
using JobId = std::uint64_t;

namespace waits {
struct Nobody {};
struct ForJob { // which has emitted it with this ticket
  JobId job = 0;
  Ticket ticket = 0;
};
struct ForCaller {
  CallerId caller = 0;
};
struct ForSessionEnd {};
} // namespace waits
using Waits = std::variant<waits::Nobody, waits::ForJob, waits::ForCaller, waits::ForSessionEnd>;

struct Emission {
  enum class Stage : std::uint8_t { waits_for_its_turn, on_its_way, given_back };
  Event event;
  Origin origin = {};
  Waits waits = waits::Nobody{};
  Stage stage = Stage::waits_for_its_turn; // on its way to the broker; given back by it to be handled
  std::vector<FileId> files = {};          // of event.files, in their order
};

class Emissions {
public:
  [[nodiscard]] EmissionId add(Emission emission) {
    emissions_.emplace(++last_, std::move(emission));
    changes_.mark(last_);
    return last_;
  }
  void set_stage(EmissionId id, Emission::Stage stage) {
    emissions_.at(id).stage = stage;
    changes_.mark(id);
  }
  [[nodiscard]] const Emission* find(EmissionId id) const {
    auto found = emissions_.find(id);
    return found == emissions_.end() ? nullptr : &found->second;
  }
  // It has finished and is no longer here.
  [[nodiscard]] std::optional<Emission> take(EmissionId id) {
    auto node = emissions_.extract(id);
    if (node.empty()) return std::nullopt;
    changes_.mark(id);
    return std::move(node.mapped());
  }
  [[nodiscard]] std::size_t size() const { return emissions_.size(); }

  // For the memory: what there is, what has changed, and the ids that are consumed.
  [[nodiscard]] const std::unordered_map<EmissionId, Emission>& all() const { return emissions_; }
  [[nodiscard]] Changes<EmissionId>& changes() { return changes_; }
  [[nodiscard]] EmissionId last() const { return last_; }
  void restore_last(EmissionId last) { last_ = std::max(last_, last); }
  void restore(EmissionId id, Emission emission) {
    restore_last(id);
    emissions_.emplace(id, std::move(emission));
  }

private:
  std::unordered_map<EmissionId, Emission> emissions_;
  Changes<EmissionId> changes_;
  EmissionId last_ = 0;
};

} // namespace upstart::supervisor
