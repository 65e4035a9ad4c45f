// What an event made a handler do to a job, as the event broker's history keeps it: a(sss) on D-Bus, with the bytes of
// names escaped there (text.hpp).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace upstart::protocol {

struct JobAction {
  std::string operation; // one of job_operation, or of what a later version adds
  std::string job;
  std::string instance; // empty: a job without instances, or the one whose name is empty
  friend bool operator==(const JobAction&, const JobAction&) = default;
};

namespace job_operation {
inline constexpr const char* start = "start";
inline constexpr const char* stop = "stop";
} // namespace job_operation

// For people: "start JOB", "stop JOB (INSTANCE)".
[[nodiscard]] std::string to_text(const JobAction& action);

// Each of the names converted (text.hpp).
[[nodiscard]] JobAction converted(const JobAction& action, std::string (*convert)(std::string_view));
[[nodiscard]] std::vector<JobAction> converted(std::vector<JobAction> actions,
                                               std::string (*convert)(std::string_view));

// Between these values and the structure that D-Bus code works with (sdbus::Struct of three strings), which this header
// does not need to know.
template <typename Struct>
[[nodiscard]] std::vector<Struct> job_actions_to_wire(const std::vector<JobAction>& actions) {
  std::vector<Struct> wire;
  wire.reserve(actions.size());
  for (const auto& action : actions) wire.emplace_back(action.operation, action.job, action.instance);
  return wire;
}
template <typename Struct> [[nodiscard]] std::vector<JobAction> job_actions_from_wire(const std::vector<Struct>& wire) {
  std::vector<JobAction> actions;
  actions.reserve(wire.size());
  for (const auto& action : wire)
    actions.push_back({action.template get<0>(), action.template get<1>(), action.template get<2>()});
  return actions;
}

} // namespace upstart::protocol
