#include "daemons/job-supervisor/jobs/decisions/condition-watch.hpp"

#include "daemons/job-supervisor/expression/expand.hpp"
#include "daemons/job-supervisor/jobs/core/socket-offers.hpp"
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

EventExpression ConditionWatch::for_bridges(const JobClass& job_class, const EventExpression& expression) const {
  auto expanded = expression;
  std::optional<protocol::Environment> of_class;
  for (auto& node : expanded.nodes)
    for (auto& argument : node.arguments) {
      if (!argument.pattern.contains('$')) continue;
      if (!of_class) of_class = core_.environments.of_class_alone(job_class);
      if (auto value = expand(argument.pattern, *of_class)) argument.pattern = std::move(*value);
    }
  return expanded;
}

std::vector<std::string> ConditionWatch::offer(const ClassEntry& entry, std::vector<SocketOffer> offers) {
  auto held = SocketOffers{core_}.take(entry, std::move(offers));
  run_turn_();
  return held;
}

void ConditionWatch::mark(ClassEntry& entry) const {
  const auto& job_class = *entry.job_class();
  entry.watched = std::ranges::any_of(core_.watched_events,
                                      [&](const std::string& event) { return names_event(job_class, event); });
}

void ConditionWatch::tell_change(const std::string& job, const JobClass* before, const JobClass* after) {
  for (const auto& event : core_.watched_events) {
    if (after != nullptr && names_event(*after, event))
      core_.tell(notice::ConditionsChanged{event, job, for_bridges(*after, after->start_on),
                                           for_bridges(*after, after->stop_on)});
    else if (before != nullptr && names_event(*before, event))
      core_.tell(notice::ConditionsChanged{event, job, {}, {}});
  }
}

} // namespace upstart::supervisor
