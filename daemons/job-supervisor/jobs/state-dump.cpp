#include "daemons/job-supervisor/jobs/state-dump.hpp"

#include "daemons/job-supervisor/expression/expand.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace upstart::supervisor {

namespace {

using Json = nlohmann::ordered_json;

Json events_of(const std::vector<EventPointer>& events) {
  Json list = Json::array();
  for (const auto& event : events)
    list.push_back({{"id", event->id()}, {"name", event->name()}, {"env", event->environment().strings()}});
  return list;
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
Json condition_of(const EventExpression& in_class, const Subscriber& subscriber,
                  const protocol::Environment& environment) {
  const auto& in_force = subscriber.expression();
  const auto& as_written = in_class.nodes.size() == in_force.nodes.size() ? in_class : in_force;
  Json list = Json::array();
  auto written = postfix(as_written), expanded = postfix(in_force);
  for (std::uint32_t i = 0; i < written.size(); ++i) {
    Json node{{"node", written[i]}};
    if (auto event = subscriber.state().held_by(i)) node["held"] = {{"id", event->id()}, {"name", event->name()}};
    if (as_written.nodes[i].event != in_force.nodes[i].event)
      node["unset"] = unset_in(as_written.nodes[i], environment);
    else if (expanded[i] != written[i]) node["expanded"] = expanded[i];
    list.push_back(std::move(node));
  }
  return list;
}

Json failure_of(const std::optional<Failure>& failure) {
  if (!failure) return nullptr;
  return Json{{"process", failure->process ? Json(name_of(*failure->process)) : Json("respawn")},
              {"wait_status", failure->wait_status ? Json(*failure->wait_status) : Json(nullptr)}};
}

Json job_of(Job& job) {
  Json processes = Json::object();
  for (auto [kind, pid] : job.pids()) processes[std::string{name_of(kind)}] = pid;
  return {{"name", job.instance()},
          {"path", job.path()},
          {"goal", name_of(job.goal())},
          {"state", name_of(job.state())},
          {"env", job.environment().strings()},
          {"processes", std::move(processes)},
          {"blocking", events_of(job.blocked_events())},
          {"waiting_callers", job.waiting_callers()},
          {"status_text", job.status_text()},
          {"passed_over", job.passed_over()},
          {"stop_on", condition_of(job.job_class().stop_on, job.stop_on(), job.environment())},
          {"failure", failure_of(job.machine().failure())}};
}

// Only for the classes that have them: these copy environments.
Json start_condition_of(ClassEntry& entry, const EnvironmentTables& tables) {
  const auto& job_class = *entry.job_class();
  if (job_class.start_on.empty()) return Json::array();
  return condition_of(job_class.start_on, entry.start_on(), tables.of_class_alone(job_class));
}

std::vector<std::string> needs_of_instance(const JobClass& job_class, const EnvironmentTables& tables) {
  if (job_class.instance.empty()) return {};
  return unset_in(job_class.instance, tables.of_class(job_class));
}

Json class_of(ClassEntry& entry, const EnvironmentTables& tables) {
  Json jobs = Json::array();
  for (const auto& [_, job] : entry.instances()) jobs.push_back(job_of(*job));
  return {{"name", entry.name()},
          {"file", entry.job_class()->path},
          {"instance", entry.job_class()->instance},
          {"instance_needs", needs_of_instance(*entry.job_class(), tables)},
          {"start_on", start_condition_of(entry, tables)},
          {"spawn_failure", entry.spawn_failure ? Json(*entry.spawn_failure) : Json(nullptr)},
          {"respawn_limit_end", entry.respawn_limit_end ? Json(*entry.respawn_limit_end) : Json(nullptr)},
          {"replaced_by_newer", entry.successor.has_value()},
          {"file_gone", entry.successor && !*entry.successor},
          {"jobs", std::move(jobs)}};
}

} // namespace

std::string dump_state(const JobManager& manager) {
  std::vector<ClassEntry*> entries;
  for (const auto& [_, entry] : manager.classes()) entries.push_back(entry.get());
  std::ranges::sort(entries, {}, [](const ClassEntry* entry) { return entry->name(); });
  Json classes = Json::array();
  for (auto* entry : entries) classes.push_back(class_of(*entry, manager.tables()));
  Json state{{"version", UPSTART_VERSION},
             {"job_environment", manager.tables().global().strings()},
             {"job_classes", std::move(classes)}};
  return state.dump(-1, ' ', false, Json::error_handler_t::replace);
}

} // namespace upstart::supervisor
