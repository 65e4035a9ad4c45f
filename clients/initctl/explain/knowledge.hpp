// What an explanation is made from, gathered beforehand: an explanation asks nobody.
#pragma once

#include "clients/base/bridges/bridge-objects.hpp"
#include "clients/initctl/conditions/possible-events.hpp"
#include "clients/initctl/history/past-event.hpp"
#include "protocol/job-state.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <ranges>
#include <string>
#include <vector>

namespace upstart::client {

// A job that keeps an event from being finished, as the supervisor's ListHolders tells it.
struct EventHolder {
  std::string job, instance;
  std::string how; // "start on", "stop on": its condition waits for more; GOAL/STATE: it is on its way there
};

// A bridge that is attached, and what it watches for the job that is asked about.
struct KnownBridge {
  std::string name; // "file-bridge"
  std::vector<BridgeWatch> watches;
};

struct Knowledge {
  std::vector<PastEvent> history;                  // oldest first
  PossibleEvents possible;                         // that can come at all
  std::vector<protocol::JobState> named_jobs = {}; // those that the job's conditions name, as far as there
  std::map<std::uint64_t, std::vector<EventHolder>> holders = {}; // of the pending events of the job's own life
  std::vector<KnownBridge> bridges = {};                          // where its conditions name an event of one
};

inline constexpr auto newest_first = std::views::reverse;

// What must be asked for beforehand about this job: the jobs that its conditions name, each once, …
[[nodiscard]] std::vector<std::string> jobs_named_by(const protocol::JobState& job);
// … whether they name an event of a bridge, …
[[nodiscard]] bool names_event_of_bridge(const protocol::JobState& job);
// … and the pending events of its own life that its instances wait for.
[[nodiscard]] std::vector<std::uint64_t> own_pending_events(const protocol::JobState& job,
                                                            const std::vector<PastEvent>& history);
// The event of its own life that an instance in starting or stopping waits for; nothing where it waits for none.
[[nodiscard]] const PastEvent* own_pending_event(const std::string& job, const protocol::InstanceState& instance,
                                                 const std::vector<PastEvent>& history);

} // namespace upstart::client
