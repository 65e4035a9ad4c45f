#include "clients/views/timeline/read-timeline.hpp"

#include "clients/base/supervisor.hpp"

#include <algorithm>

namespace upstart::client {

Timeline read_timeline(Connection& connection) {
  auto [now, began, told] = Supervisor{connection}.ListRuns();
  auto since_began = [&](std::uint64_t time) { return Time{static_cast<std::int64_t>(time - began)}; };
  Timeline timeline{.now = since_began(now)};
  for (const auto& [job, instance, origin, causes, moments, failed, is_task] : told) {
    Run run{.job = job, .instance = instance, .origin = origin, .failed = failed, .is_task = is_task};
    for (const auto& [event, name, of_job, of_instance] : causes)
      run.causes.push_back({event, name, of_job, of_instance});
    for (const auto& [state, time] : moments) run.moments.push_back({state, since_began(time)});
    if (!run.moments.empty()) timeline.runs.push_back(std::move(run));
  }
  std::ranges::stable_sort(timeline.runs, {}, &Run::begin);
  end_runs(timeline);
  return timeline;
}

Emitters read_emitters(Upstart& upstart) {
  Emitters emitters;
  for (const auto& details : upstart.all_details())
    for (const auto& event : details.emits) emitters[event].insert(details.name);
  return emitters;
}

} // namespace upstart::client
