#include "daemons/job-supervisor/jobs/state-dump.hpp"

#include "daemons/job-supervisor/expression/expand.hpp"

#include <algorithm>
#include <format>
#include <set>

namespace upstart::supervisor {

namespace {

using protocol::ConditionNode;

std::vector<protocol::EventReference> references_to(const std::vector<EventPointer>& events) {
  std::vector<protocol::EventReference> references;
  for (const auto& event : events) references.push_back({event->id(), event->name(), event->environment().strings()});
  return references;
}

// The variables that are referred to and neither set nor given a default.
std::vector<std::string> unset_in(std::string_view text, protocol::Environment environment) {
  constexpr std::string_view unknown = "Unknown parameter: ";
  std::vector<std::string> names;
  for (;;) {
    auto expanded = expand(text, environment);
    if (expanded || !expanded.error().starts_with(unknown)) return names;
    names.push_back(expanded.error().substr(unknown.size()));
    if (names.back().empty() || environment.contains(names.back())) return names;
    environment.set(names.back(), "");
  }
}

std::vector<std::string> unset_in(const ExpressionNode& leaf, const protocol::Environment& environment) {
  std::vector<std::string> names;
  for (const auto& argument : leaf.arguments)
    for (auto& name : unset_in(argument.pattern, environment))
      if (!std::ranges::contains(names, name)) names.push_back(std::move(name));
  return names;
}

// A condition as it is written, with what each leaf holds. Where a leaf has references: what it stands for, or, if it
// cannot match since something is not set, what that is. The expression in force has the same nodes in the same places.
std::vector<ConditionNode> condition_of(const EventExpression& in_class, const Subscriber& subscriber,
                                        const protocol::Environment& environment) {
  const auto& in_force = subscriber.expression();
  const auto& as_written = in_class.nodes.size() == in_force.nodes.size() ? in_class : in_force;
  std::vector<ConditionNode> nodes;
  auto written = postfix(as_written), expanded = postfix(in_force);
  for (std::uint32_t i = 0; i < written.size(); ++i) {
    ConditionNode node{.words = written[i]};
    if (auto event = subscriber.state().held_by(i)) node.held = {.id = event->id(), .name = event->name()};
    if (as_written.nodes[i].event != in_force.nodes[i].event) node.unset = unset_in(as_written.nodes[i], environment);
    else if (expanded[i] != written[i]) node.expanded = expanded[i];
    nodes.push_back(std::move(node));
  }
  return nodes;
}

std::optional<protocol::FailureState> failure_of(const std::optional<Failure>& failure) {
  if (!failure) return std::nullopt;
  return protocol::FailureState{.process = std::string{failure->process ? name_of(*failure->process) : "respawn"},
                                .wait_status = failure->wait_status};
}

protocol::InstanceState instance_state_of(Job& job) {
  protocol::InstanceState state{
      .name = job.instance(),
      .path = job.path(),
      .goal = std::string{name_of(job.goal())},
      .state = std::string{name_of(job.state())},
      .environment = job.environment().strings(),
      .processes = {},
      .blocking = references_to(job.blocked_events()),
      .waiting_callers = job.waiting_callers(),
      .status_text = job.status_text(),
      .ignored_failures = job.passed_over(),
      .stop_on = condition_of(job.job_class().stop_on, job.stop_on(), job.environment()),
      .failure = failure_of(job.machine().failure()),
  };
  for (auto [kind, pid] : job.pids()) state.processes.push_back({std::string{name_of(kind)}, pid});
  return state;
}

// Only for the classes that have them: these copy environments.
std::vector<ConditionNode> start_condition_of(ClassEntry& entry, const EnvironmentTables& tables) {
  const auto& job_class = *entry.job_class();
  if (job_class.start_on.empty()) return {};
  return condition_of(job_class.start_on, entry.start_on(), tables.of_class_alone(job_class));
}

std::vector<std::string> needs_of_instance(const JobClass& job_class, const EnvironmentTables& tables) {
  if (job_class.instance.empty()) return {};
  return unset_in(job_class.instance, tables.of_class(job_class));
}

protocol::JobState state_of(ClassEntry& entry, const EnvironmentTables& tables) {
  const auto& job_class = *entry.job_class();
  protocol::JobState state{
      .name = entry.name(),
      .file = job_class.path,
      .instance = job_class.instance,
      .instance_needs = needs_of_instance(job_class, tables),
      .start_on = start_condition_of(entry, tables),
      .spawn_failure = entry.spawn_failure ? std::optional{*entry.spawn_failure} : std::nullopt,
      .respawn_limit_end = entry.respawn_limit_end,
      .replaced_by_newer = entry.successor.has_value(),
      .file_gone = entry.successor && !*entry.successor,
      .instances = {},
  };
  for (const auto& [_, job] : entry.instances()) state.instances.push_back(instance_state_of(*job));
  return state;
}

std::vector<ClassEntry*> sorted_classes(const JobManager& manager) {
  std::vector<ClassEntry*> entries;
  for (const auto& [_, entry] : manager.classes()) entries.push_back(entry.get());
  std::ranges::sort(entries, {}, [](const ClassEntry* entry) { return entry->name(); });
  return entries;
}

bool has_seen(const Subscriber& subscriber, std::uint64_t id) {
  for (std::uint32_t i = 0; i < subscriber.expression().nodes.size(); ++i)
    if (auto event = subscriber.state().held_by(i); event && event->id() == id) return true;
  return false;
}

void add_holders(std::vector<EventHolder>& holders, ClassEntry& entry, std::uint64_t id) {
  if (has_seen(entry.start_on(), id)) holders.push_back({entry.name(), "", "start on"});
  for (const auto& [_, job] : entry.instances()) {
    if (std::ranges::contains(job->blocked_events(), id, [](const auto& event) { return event->id(); }))
      holders.push_back(
          {entry.name(), job->instance(), std::format("{}/{}", name_of(job->goal()), name_of(job->state()))});
    if (has_seen(job->stop_on(), id)) holders.push_back({entry.name(), job->instance(), "stop on"});
  }
}

} // namespace

std::optional<protocol::JobState> job_state_of(const JobManager& manager, const std::string& job) {
  const auto& classes = manager.classes();
  auto found = classes.find(job);
  if (found == classes.end()) return std::nullopt;
  return state_of(*found->second, manager.tables());
}

protocol::SupervisorState state_of(const JobManager& manager) {
  protocol::SupervisorState state{
      .version = UPSTART_VERSION, .job_environment = manager.tables().global().strings(), .jobs = {}};
  for (auto* entry : sorted_classes(manager)) state.jobs.push_back(state_of(*entry, manager.tables()));
  return state;
}

std::string dump_state(const JobManager& manager) { return protocol::to_json(state_of(manager)); }

std::vector<EventHolder> holders_of(const JobManager& manager, std::uint64_t event) {
  std::vector<EventHolder> holders;
  for (auto* entry : sorted_classes(manager)) add_holders(holders, *entry, event);
  return holders;
}

std::vector<std::string> emitted_by_jobs(const JobManager& manager) {
  std::set<std::string> events;
  for (const auto& [_, entry] : manager.classes())
    events.insert(entry->job_class()->emits.begin(), entry->job_class()->emits.end());
  return {events.begin(), events.end()};
}

} // namespace upstart::supervisor
