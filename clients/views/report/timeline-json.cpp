#include "clients/views/report/timeline-json.hpp"

#include "clients/views/report/chain.hpp"

#include <nlohmann/json.hpp>

namespace upstart::client {

Json to_json(const Run& run, Time now) {
  Json causes = Json::array(), moments = Json::array();
  for (const auto& cause : run.causes)
    causes.push_back({{"event", cause.event}, {"name", cause.name}, {"job", cause.job}, {"instance", cause.instance}});
  for (const auto& [state, time] : run.moments) moments.push_back({{"state", state}, {"at_us", time.count()}});
  return {{"job", run.job},
          {"instance", run.instance},
          {"task", run.is_task},
          {"origin", run.origin},
          {"causes", causes},
          {"moments", moments},
          {"took_us", run.took(now).count()},
          {"ended_us", run.end() ? Json(run.end()->count()) : Json{}},
          {"up", run.up().has_value()},
          {"failed", run.failed}};
}

Json plot_as_json(const Timeline& timeline, const Window& window, const std::vector<ChainLink>& chain) {
  Json runs = Json::array();
  for (const auto& run : within(window, timeline).runs) runs.push_back(to_json(run, timeline.now));
  return {{"now_us", timeline.now.count()},
          {"from_us", window.from.count()},
          {"to_us", window.to.count()},
          {"runs", runs},
          {"critical_chain", chain_as_json(chain)}};
}

} // namespace upstart::client
