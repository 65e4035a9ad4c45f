#include "daemons/bridge/conditions/condition-store.hpp"

#include "protocol/event-pattern.hpp"

#include <utility>

namespace upstart::bridge {

namespace {

void add_matches(const std::string& event, const Expression& expression, bool starts, std::vector<Match>& matches) {
  for (const auto& element : expression)
    if (!element.empty() && protocol::event_fits(event, element.front()))
      matches.push_back(
          {.event = element.front(), .arguments = {element.begin() + 1, element.end()}, .starts = starts});
}

std::vector<Match> matches_of(const std::string& event, const Expression& start_on, const Expression& stop_on) {
  std::vector<Match> matches;
  add_matches(event, start_on, true, matches);
  add_matches(event, stop_on, false, matches);
  return matches;
}

} // namespace

void ConditionStore::take_all(const std::string& event, const std::vector<Report>& reports) {
  unanswered_.erase(event);
  std::set<std::string> missing;
  for (const auto& [name, job] : jobs_)
    if (job.matches.contains(event)) missing.insert(name);
  for (const auto& report : reports) {
    missing.erase(report.job);
    set_matches(event, report.job, matches_of(event, report.start_on, report.stop_on));
    take_activity(report.job, report.active);
  }
  for (const auto& job : missing) set_matches(event, job, {});
}

void ConditionStore::take_change(const std::string& event, const std::string& job, const Expression& start_on,
                                 const Expression& stop_on) {
  set_matches(event, job, matches_of(event, start_on, stop_on));
}

void ConditionStore::set_matches(const std::string& event, const std::string& job, std::vector<Match> matches) {
  auto& known = jobs_[job];
  auto& of_event = known.matches[event];
  if (of_event != matches) changed_.insert(job);
  of_event = std::move(matches);
  if (of_event.empty()) known.matches.erase(event);
  if (!known.matches.empty()) return;
  jobs_.erase(job);
  changed_activity_.erase(job);
}

void ConditionStore::take_activity(const std::string& job, unsigned active) {
  auto known = jobs_.find(job);
  if (known == jobs_.end() || std::exchange(known->second.active, active) == active) return;
  changed_activity_.insert(job);
}

std::optional<ConditionsUpdate> ConditionStore::take_update() {
  if (!unanswered_.empty()) return std::nullopt;
  bool first = std::exchange(first_update_, false);
  if (!first && changed_.empty() && changed_activity_.empty()) return std::nullopt;
  ConditionsUpdate update;
  for (const auto& name : std::exchange(changed_, {})) {
    auto job = jobs_.find(name);
    if (job == jobs_.end()) {
      update.gone.push_back(name);
      continue;
    }
    auto& conditions = update.changed.emplace_back(name);
    for (const auto& [event, matches] : job->second.matches)
      conditions.matches.insert(conditions.matches.end(), matches.begin(), matches.end());
  }
  for (const auto& job : std::exchange(changed_activity_, {})) update.activity.push_back({job, jobs_.at(job).active});
  return update;
}

} // namespace upstart::bridge
