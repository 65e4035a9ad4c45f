#include "protocol/jobs/job-summary.hpp"

#include <nlohmann/json.hpp>

namespace upstart::protocol {

namespace {

using Json = nlohmann::ordered_json;

constexpr const char* version_key = "summary_version";

Json written(const InstanceSummary& instance) {
  Json processes = Json::object();
  for (const auto& [name, pid] : instance.processes) processes[name] = pid;
  return {{"name", instance.name},   {"goal", instance.goal},         {"state", instance.state},
          {"since", instance.since}, {"respawns", instance.respawns}, {"processes", std::move(processes)}};
}

Json written(const PastFailure& failure) {
  return {{"instance", failure.instance}, {"time", failure.time}, {"text", failure.text}};
}

Json written(const JobSummary& job) {
  Json json{
      {"name", job.name},           {"description", job.description},     {"starts_by_events", job.starts_by_events},
      {"is_manual", job.is_manual}, {"stopped_since", job.stopped_since}, {"respawns", job.respawns},
      {"instances", Json::array()}, {"failures", Json::array()}};
  for (const auto& instance : job.instances) json["instances"].push_back(written(instance));
  for (const auto& failure : job.failures) json["failures"].push_back(written(failure));
  return json;
}

InstanceSummary instance_from(const Json& json) {
  InstanceSummary instance{.name = json.at("name"),
                           .goal = json.at("goal"),
                           .state = json.at("state"),
                           .since = json.at("since"),
                           .respawns = json.at("respawns"),
                           .processes = {}};
  for (const auto& [name, pid] : json.at("processes").items()) instance.processes.push_back({name, pid});
  return instance;
}

PastFailure failure_from(const Json& json) {
  return {.instance = json.at("instance"), .time = json.at("time"), .text = json.at("text")};
}

JobSummary job_from(const Json& json) {
  JobSummary job{.name = json.at("name"),
                 .description = json.at("description"),
                 .starts_by_events = json.at("starts_by_events"),
                 .is_manual = json.at("is_manual"),
                 .stopped_since = json.at("stopped_since"),
                 .respawns = json.at("respawns"),
                 .instances = {},
                 .failures = {}};
  for (const auto& instance : json.at("instances")) job.instances.push_back(instance_from(instance));
  for (const auto& failure : json.at("failures")) job.failures.push_back(failure_from(failure));
  return job;
}

} // namespace

std::string to_json(const std::vector<JobSummary>& jobs) {
  Json json{{version_key, summary_version}, {"jobs", Json::array()}};
  for (const auto& job : jobs) json["jobs"].push_back(written(job));
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::expected<std::vector<JobSummary>, StateError> job_summaries_from_json(std::string_view text) {
  try {
    auto json = Json::parse(text);
    if (int version = json.at(version_key); version != summary_version) return std::unexpected{StateError{version, {}}};
    std::vector<JobSummary> jobs;
    for (const auto& job : json.at("jobs")) jobs.push_back(job_from(job));
    return jobs;
  } catch (const Json::exception& error) { return std::unexpected{StateError{std::nullopt, error.what()}}; }
}

} // namespace upstart::protocol
