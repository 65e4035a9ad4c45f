#include "daemons/job-supervisor/jobs/state-dump.hpp"

#include "daemons/job-supervisor/expression/expand.hpp"

#include <algorithm>
#include <charconv>
#include <format>
#include <set>

namespace upstart::supervisor {

namespace {

using protocol::ConditionNode;

std::vector<protocol::EventReference> references_to(const HandledEvents& events, const std::vector<EventId>& ids) {
  std::vector<protocol::EventReference> references;
  for (auto id : ids) {
    const auto& event = events.at(id).event;
    references.push_back({id, event.name, event.environment.strings()});
  }
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
std::vector<ConditionNode> condition_of(const HandledEvents& events, const EventExpression& in_class,
                                        const Subscriber& subscriber, const protocol::Environment& environment) {
  const auto& in_force = subscriber.expression();
  const auto& as_written = in_class.nodes.size() == in_force.nodes.size() ? in_class : in_force;
  std::vector<ConditionNode> nodes;
  auto written = postfix(as_written), expanded = postfix(in_force);
  for (std::uint32_t i = 0; i < written.size(); ++i) {
    ConditionNode node{.words = written[i]};
    if (auto id = subscriber.state().held_by(i); id != no_event)
      node.held = {.id = id, .name = events.at(id).event.name};
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

std::vector<protocol::ProcessState> processes_of(const Life& life) {
  std::vector<protocol::ProcessState> processes;
  for (std::size_t i = 0; i < process_kinds; ++i)
    if (auto pid = life.processes[i].pid; pid > 0)
      processes.push_back({std::string{name_of(static_cast<ProcessKind>(i))}, pid});
  return processes;
}

protocol::InstanceState state_of(const Core& core, const Job& job) {
  const auto& life = job.life();
  protocol::InstanceState state{
      .name = job.instance(),
      .path = job.path(),
      .goal = std::string{name_of(life.goal)},
      .state = std::string{name_of(life.state)},
      .environment = life.environment.strings(),
      .processes = processes_of(life),
      .blocking = references_to(core.events, life.waiting->blocked_events),
      .waiting_callers = life.waiting->callers.size(),
      .status_text = life.rare->status_text,
      .ignored_failures = life.rare->ignored_failures,
      .stop_on = condition_of(core.events, job.job_class().stop_on, job.stop_on(), life.environment),
      .failure = failure_of(life.setbacks->failure),
  };
  return state;
}

// Only for the classes that have them: these copy environments.
std::vector<ConditionNode> start_condition_of(const Core& core, const ClassEntry& entry) {
  const auto& job_class = *entry.job_class();
  if (job_class.start_on.empty()) return {};
  return condition_of(core.events, job_class.start_on, entry.start_on(), core.environments.of_class_alone(job_class));
}

std::vector<std::string> needs_of_instance(const JobClass& job_class, const EnvironmentTables& tables) {
  if (job_class.instance.empty()) return {};
  return unset_in(job_class.instance, tables.of_class(job_class));
}

std::vector<protocol::JobRecordState> state_of(const JobRecords& records) {
  std::vector<protocol::JobRecordState> all;
  for (const auto& [time, instance, text, times, kind] : records.all())
    all.push_back({time, std::string{name_of(kind)}, *instance, *text, times});
  return all;
}

std::vector<protocol::PastFailure> failures_of(const ClassEntry& entry) {
  std::vector<protocol::PastFailure> failures;
  for (const auto& [instance, failure] : entry.failures)
    failures.push_back({.instance = instance, .time = failure.time, .text = failure.text});
  return failures;
}

protocol::JobState state_of(const Core& core, const ClassEntry& entry) {
  const auto& job_class = *entry.job_class();
  protocol::JobState state{
      .name = entry.name(),
      .description = job_class.description,
      .file = job_class.path,
      .instance = job_class.instance,
      .instance_needs = needs_of_instance(job_class, core.environments),
      .start_on = start_condition_of(core, entry),
      .spawn_failure = entry.spawn_failure ? std::optional{*entry.spawn_failure} : std::nullopt,
      .respawn_limit_end = entry.respawn_limit_end,
      .warnings = entry.warnings,
      .records = state_of(entry.records),
      .override_file = job_class.override_path,
      .manual_at = job_class.manual_at,
      .failures = failures_of(entry),
      .replaced_by_newer = entry.successor.has_value(),
      .file_gone = entry.successor && !*entry.successor,
      .instances = {},
  };
  for (const auto& [_, job] : entry.instances()) state.instances.push_back(state_of(core, *job));
  return state;
}

// When an instance, or that of a class without one, was last told to be or came to be what it is; 0: not known any
// more.
std::int64_t last_change(const JobRecords& records, const std::string& instance) {
  std::int64_t time = 0;
  for (const auto& record : records.all()) {
    bool is_other = record.kind == RecordKind::not_started || record.kind == RecordKind::reset;
    if (*record.instance == instance && !is_other) time = record.time;
  }
  return time;
}

std::uint64_t respawns(const JobRecords& records, const std::string& instance) {
  std::uint64_t times = 0;
  for (const auto& record : records.all())
    if (*record.instance == instance && record.kind == RecordKind::respawned) times += record.times;
  return times;
}

protocol::InstanceSummary summary_of(const ClassEntry& entry, const Job& job) {
  return {.name = job.instance(),
          .goal = std::string{name_of(job.life().goal)},
          .state = std::string{name_of(job.life().state)},
          .since = last_change(entry.records, job.instance()),
          .respawns = respawns(entry.records, job.instance()),
          .processes = processes_of(job.life())};
}

protocol::JobSummary summary_of(const ClassEntry& entry) {
  const auto& job_class = *entry.job_class();
  protocol::JobSummary summary{.name = entry.name(),
                               .description = job_class.description,
                               .starts_by_events = !job_class.start_on.empty(),
                               .is_manual = !job_class.manual_at.empty(),
                               .stopped_since = last_change(entry.records, {}),
                               .respawns = respawns(entry.records, {}),
                               .instances = {},
                               .failures = {}};
  for (const auto& [_, job] : entry.instances()) summary.instances.push_back(summary_of(entry, *job));
  summary.failures = failures_of(entry);
  return summary;
}

bool has_seen(const Subscriber& subscriber, EventId id) { return std::ranges::contains(subscriber.state().held(), id); }

void add_holders(std::vector<EventHolder>& holders, const ClassEntry& entry, EventId id) {
  if (has_seen(entry.start_on(), id)) holders.push_back({entry.name(), "", "start on"});
  for (const auto& [_, job] : entry.instances()) {
    if (const auto& life = job->life(); std::ranges::contains(life.waiting->blocked_events, id))
      holders.push_back({entry.name(), job->instance(), std::format("{}/{}", name_of(life.goal), name_of(life.state))});
    if (has_seen(job->stop_on(), id)) holders.push_back({entry.name(), job->instance(), "stop on"});
  }
}

} // namespace

std::optional<protocol::JobState> job_state_of(const Jobs& jobs, const std::string& job) {
  const auto* entry = jobs.classes().find(job);
  if (entry == nullptr) return std::nullopt;
  return state_of(jobs.core(), *entry);
}

protocol::SupervisorState state_of(const Jobs& jobs) {
  protocol::SupervisorState state{
      .version = UPSTART_VERSION, .job_environment = jobs.core().environments.global().strings(), .jobs = {}};
  for (const auto* entry : jobs.classes().sorted()) state.jobs.push_back(state_of(jobs.core(), *entry));
  return state;
}

std::vector<protocol::JobSummary> summaries_of(const Jobs& jobs) {
  std::vector<protocol::JobSummary> summaries;
  for (const auto* entry : jobs.classes().sorted()) summaries.push_back(summary_of(*entry));
  return summaries;
}

std::vector<EventHolder> holders_of(const Jobs& jobs, std::uint64_t event) {
  std::vector<EventHolder> holders;
  if (event == no_event) return holders;
  for (const auto* entry : jobs.classes().sorted()) add_holders(holders, *entry, event);
  return holders;
}

RunTime began(const Jobs& jobs) {
  std::int64_t time = 0;
  auto text = jobs.kept(began_key);
  std::from_chars(text.data(), text.data() + text.size(), time);
  return RunTime{time};
}

std::vector<JobRun> runs_of(const Jobs& jobs) {
  std::vector<JobRun> runs;
  for (const auto* entry : jobs.classes().sorted()) {
    bool is_task = entry->job_class()->task;
    for (const auto& [instance, run] : entry->runs) runs.push_back({&entry->name(), &*instance, &run, is_task});
    for (const auto& [_, job] : entry->instances())
      if (!job->run().moments.empty()) runs.push_back({&entry->name(), &job->instance(), &job->run(), is_task});
  }
  return runs;
}

std::vector<std::string> emitted_by_jobs(const Jobs& jobs) {
  std::set<std::string> events;
  for (const auto& [_, entry] : jobs.classes().all())
    events.insert(entry->job_class()->emits.begin(), entry->job_class()->emits.end());
  return {events.begin(), events.end()};
}

} // namespace upstart::supervisor
