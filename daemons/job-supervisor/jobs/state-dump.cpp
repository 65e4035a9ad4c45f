#include "daemons/job-supervisor/jobs/state-dump.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace upstart::supervisor {

namespace {

using Json = nlohmann::ordered_json;

Json events_of(const std::vector<EventPointer>& events) {
  Json list = Json::array();
  for (const auto& event : events) list.push_back({{"id", event->id()}, {"name", event->name()}, {"env", event->environment().strings()}});
  return list;
}

Json condition_of(const EventExpression& expression, const ExpressionState& state) {
  Json list = Json::array();
  auto words = postfix(expression);
  for (std::uint32_t i = 0; i < words.size(); ++i) {
    Json node{{"node", words[i]}};
    if (auto event = state.held_by(i)) node["held"] = {{"id", event->id()}, {"name", event->name()}};
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
          {"stop_on", condition_of(job.stop_on().expression(), job.stop_on().state())},
          {"failure", failure_of(job.machine().failure())}};
}

Json class_of(ClassEntry& entry) {
  Json jobs = Json::array();
  for (const auto& [_, job] : entry.instances()) jobs.push_back(job_of(*job));
  return {{"name", entry.name()},
          {"file", entry.job_class()->path},
          {"start_on", condition_of(entry.start_on().expression(), entry.start_on().state())},
          {"spawn_failure", entry.spawn_failure ? Json(*entry.spawn_failure) : Json(nullptr)},
          {"replaced_by_newer", entry.successor.has_value()},
          {"jobs", std::move(jobs)}};
}

} // namespace

std::string dump_state(const JobManager& manager) {
  std::vector<ClassEntry*> entries;
  for (const auto& [_, entry] : manager.classes()) entries.push_back(entry.get());
  std::ranges::sort(entries, {}, [](const ClassEntry* entry) { return entry->name(); });
  Json classes = Json::array();
  for (auto* entry : entries) classes.push_back(class_of(*entry));
  Json state{{"version", UPSTART_VERSION}, {"job_environment", manager.tables().global().strings()}, {"job_classes", std::move(classes)}};
  return state.dump(-1, ' ', false, Json::error_handler_t::replace);
}

} // namespace upstart::supervisor
