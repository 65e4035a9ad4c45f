#include "daemons/job-supervisor/jobs/decisions/condition-watch.hpp"

#include "protocol/event-pattern.hpp"

#include <algorithm>

namespace upstart::supervisor {

namespace {

bool names_event(const EventExpression& expression, const std::string& event) {
  return std::ranges::any_of(expression.nodes, [&](const ExpressionNode& node) {
    return node.kind == ExpressionNode::Kind::match && protocol::event_fits(event, node.event);
  });
}

bool names_event(const JobClass& job_class, const std::string& event) {
  return names_event(job_class.start_on, event) || names_event(job_class.stop_on, event);
}

} // namespace

std::vector<ClassEntry*> ConditionWatch::watch(const std::string& event) {
  if (core_.watched_events.insert(event).second) run_turn_();
  auto entries = jobs_naming(event);
  for (auto* entry : entries) entry->watched = true;
  return entries;
}

std::vector<ClassEntry*> ConditionWatch::jobs_naming(const std::string& event) const {
  std::vector<ClassEntry*> entries;
  for (const auto& [_, entry] : core_.classes.all())
    if (names_event(*entry->job_class(), event)) entries.push_back(entry.get());
  std::ranges::sort(entries, {}, [](const ClassEntry* entry) -> const std::string& { return entry->name(); });
  return entries;
}

void ConditionWatch::mark(ClassEntry& entry) const {
  const auto& job_class = *entry.job_class();
  entry.watched = std::ranges::any_of(core_.watched_events,
                                      [&](const std::string& event) { return names_event(job_class, event); });
}

void ConditionWatch::tell_change(const std::string& job, const JobClass* before, const JobClass* after) {
  for (const auto& event : core_.watched_events) {
    if (after != nullptr && names_event(*after, event))
      core_.tell(notice::ConditionsChanged{event, job, after->start_on, after->stop_on});
    else if (before != nullptr && names_event(*before, event))
      core_.tell(notice::ConditionsChanged{event, job, {}, {}});
  }
}

} // namespace upstart::supervisor
