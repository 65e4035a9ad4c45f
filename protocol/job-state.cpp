#include "protocol/job-state.hpp"

#include <nlohmann/json.hpp>

#include <utility>

namespace upstart::protocol {

namespace {

using Json = nlohmann::ordered_json;

constexpr const char* version_key = "state_version";

template <typename Value> Json or_null(const std::optional<Value>& value) {
  return value ? Json(*value) : Json(nullptr);
}

template <typename Value> std::optional<Value> optional_from(const Json& json) {
  return json.is_null() ? std::nullopt : std::optional{json.get<Value>()};
}

template <typename Value> Json list_of(const std::vector<Value>& values, Json (*write)(const Value&)) {
  Json list = Json::array();
  for (const auto& value : values) list.push_back(write(value));
  return list;
}

template <typename Value> std::vector<Value> list_from(const Json& json, Value (*read)(const Json&)) {
  std::vector<Value> values;
  for (const auto& each : json) values.push_back(read(each));
  return values;
}

// --- writing --------------------------------------------------------------------------------------------------------

Json written_event(const EventReference& event) {
  return {{"id", event.id}, {"name", event.name}, {"env", event.environment}};
}

// Only what there is to say: most nodes are as written and not held.
Json written_node(const ConditionNode& node) {
  Json json{{"node", node.words}};
  if (node.held) json["held"] = {{"id", node.held->id}, {"name", node.held->name}};
  if (node.unset) json["unset"] = *node.unset;
  if (!node.expanded.empty()) json["expanded"] = node.expanded;
  return json;
}

Json written_failure(const FailureState& failure) {
  return {{"process", failure.process}, {"wait_status", or_null(failure.wait_status)}};
}

Json written_instance(const InstanceState& instance) {
  Json processes = Json::object();
  for (const auto& [name, pid] : instance.processes) processes[name] = pid;
  return {{"name", instance.name},
          {"path", instance.path},
          {"goal", instance.goal},
          {"state", instance.state},
          {"env", instance.environment},
          {"processes", std::move(processes)},
          {"blocking", list_of(instance.blocking, written_event)},
          {"waiting_callers", instance.waiting_callers},
          {"status_text", instance.status_text},
          {"ignored_failures", instance.ignored_failures},
          {"stop_on", list_of(instance.stop_on, written_node)},
          {"failure", instance.failure ? written_failure(*instance.failure) : Json(nullptr)}};
}

Json written_record(const JobRecordState& record) {
  return {{"time", record.time},
          {"kind", record.kind},
          {"instance", record.instance},
          {"text", record.text},
          {"times", record.times}};
}

Json written_failure(const PastFailure& failure) {
  return {{"instance", failure.instance}, {"time", failure.time}, {"text", failure.text}};
}

Json written_job(const JobState& job) {
  return {{"name", job.name},
          {"description", job.description},
          {"file", job.file},
          {"instance", job.instance},
          {"instance_needs", job.instance_needs},
          {"start_on", list_of(job.start_on, written_node)},
          {"spawn_failure", or_null(job.spawn_failure)},
          {"respawn_limit_end", or_null(job.respawn_limit_end)},
          {"warnings", job.warnings},
          {"records", list_of(job.records, written_record)},
          {"override_file", job.override_file},
          {"manual_at", job.manual_at},
          {"file_faults", job.file_faults},
          {"failures", list_of<PastFailure>(job.failures, written_failure)},
          {"replaced_by_newer", job.replaced_by_newer},
          {"file_gone", job.file_gone},
          {"file_broken", job.file_broken},
          {"jobs", list_of(job.instances, written_instance)}};
}

std::string text_of(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

// --- reading --------------------------------------------------------------------------------------------------------

EventReference event_from(const Json& json) {
  return {.id = json.at("id"), .name = json.at("name"), .environment = json.value("env", std::vector<std::string>{})};
}

ConditionNode node_from(const Json& json) {
  ConditionNode node{.words = json.at("node"), .expanded = json.value("expanded", std::vector<std::string>{})};
  if (json.contains("held")) node.held = event_from(json.at("held"));
  if (json.contains("unset")) node.unset = json.at("unset").get<std::vector<std::string>>();
  return node;
}

FailureState failure_from(const Json& json) {
  return {.process = json.at("process"), .wait_status = optional_from<int>(json.at("wait_status"))};
}

InstanceState instance_from(const Json& json) {
  InstanceState instance{.name = json.at("name"),
                         .path = json.at("path"),
                         .goal = json.at("goal"),
                         .state = json.at("state"),
                         .environment = json.at("env"),
                         .processes = {},
                         .blocking = list_from(json.at("blocking"), event_from),
                         .waiting_callers = json.at("waiting_callers"),
                         .status_text = json.at("status_text"),
                         .ignored_failures = json.at("ignored_failures"),
                         .stop_on = list_from(json.at("stop_on"), node_from)};
  for (const auto& [name, pid] : json.at("processes").items()) instance.processes.push_back({name, pid});
  if (!json.at("failure").is_null()) instance.failure = failure_from(json.at("failure"));
  return instance;
}

JobRecordState record_from(const Json& json) {
  return {.time = json.at("time"),
          .kind = json.at("kind"),
          .instance = json.at("instance"),
          .text = json.at("text"),
          .times = json.at("times")};
}

PastFailure past_failure_from(const Json& json) {
  return {.instance = json.at("instance"), .time = json.at("time"), .text = json.at("text")};
}

JobState job_from(const Json& json) {
  return {.name = json.at("name"),
          .description = json.at("description"),
          .file = json.at("file"),
          .instance = json.at("instance"),
          .instance_needs = json.at("instance_needs"),
          .start_on = list_from(json.at("start_on"), node_from),
          .spawn_failure = optional_from<std::string>(json.at("spawn_failure")),
          .respawn_limit_end = optional_from<int>(json.at("respawn_limit_end")),
          .warnings = json.at("warnings").get<std::vector<std::string>>(),
          .records = list_from(json.at("records"), record_from),
          .override_file = json.at("override_file"),
          .manual_at = json.at("manual_at"),
          .file_faults = json.at("file_faults").get<std::vector<std::string>>(),
          .failures = list_from(json.at("failures"), past_failure_from),
          .replaced_by_newer = json.at("replaced_by_newer"),
          .file_gone = json.at("file_gone"),
          .file_broken = json.value("file_broken", std::string{}), // an older init does not tell it
          .instances = list_from(json.at("jobs"), instance_from)};
}

SupervisorState supervisor_from(const Json& json) {
  return {.version = json.at("version"),
          .job_environment = json.at("job_environment"),
          .jobs = list_from(json.at("job_classes"), job_from)};
}

template <typename State>
std::expected<State, StateError> state_from(std::string_view text, State (*read)(const Json&)) {
  try {
    auto json = Json::parse(text);
    if (int version = json.at(version_key); version != state_version) return std::unexpected{StateError{version, {}}};
    return read(json);
  } catch (const Json::exception& error) { return std::unexpected{StateError{std::nullopt, error.what()}}; }
}

} // namespace

std::string to_json(const JobState& job) {
  Json json{{version_key, state_version}};
  json.update(written_job(job));
  return text_of(json);
}

std::string to_json(const SupervisorState& state) {
  return text_of({{"version", state.version},
                  {version_key, state_version},
                  {"job_environment", state.job_environment},
                  {"job_classes", list_of(state.jobs, written_job)}});
}

std::expected<JobState, StateError> job_state_from_json(std::string_view text) { return state_from(text, job_from); }

std::expected<SupervisorState, StateError> supervisor_state_from_json(std::string_view text) {
  return state_from(text, supervisor_from);
}

} // namespace upstart::protocol
