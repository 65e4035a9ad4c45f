// The events that are emitted here, by clients and by jobs, from the moment in which they are emitted until they have
// finished, and who waits for that.
#pragma once

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
  Event event;
  Origin origin = {};
  Waits waits = waits::Nobody{};
};

class Emissions {
public:
  [[nodiscard]] EmissionId add(Emission emission) {
    emissions_.emplace(++last_, std::move(emission));
    return last_;
  }
  [[nodiscard]] const Emission* find(EmissionId id) const {
    auto found = emissions_.find(id);
    return found == emissions_.end() ? nullptr : &found->second;
  }
  // It has finished and is no longer here.
  [[nodiscard]] std::optional<Emission> take(EmissionId id) {
    auto node = emissions_.extract(id);
    if (node.empty()) return std::nullopt;
    return std::move(node.mapped());
  }
  [[nodiscard]] std::size_t size() const { return emissions_.size(); }

private:
  std::unordered_map<EmissionId, Emission> emissions_;
  EmissionId last_ = 0;
};

} // namespace upstart::supervisor
