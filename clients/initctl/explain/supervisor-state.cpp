#include "clients/initctl/explain/supervisor-state.hpp"

#include <nlohmann/json.hpp>

namespace upstart::client {

namespace {

EventRef event_from(const Json& json) {
  return {.id = json.at("id"), .name = json.at("name"), .environment = json.value("env", std::vector<std::string>{})};
}

std::vector<ConditionNode> condition_from(const Json& json) {
  std::vector<ConditionNode> nodes;
  for (const auto& node : json) {
    nodes.push_back({.words = node.at("node"), .expanded = node.value("expanded", std::vector<std::string>{})});
    if (node.contains("unset")) nodes.back().unset = node.at("unset").get<std::vector<std::string>>();
    if (node.contains("held")) nodes.back().held = event_from(node.at("held"));
  }
  return nodes;
}

JobState job_from(const std::string& job, const Json& json) {
  JobState state{
      .status = {.job = job, .instance = json.at("name"), .goal = json.at("goal"), .state = json.at("state")},
      .environment = json.at("env"),
      .blocking = {},
      .waiting_callers = json.at("waiting_callers"),
      .status_text = json.value("status_text", ""),
      .passed_over = json.value("ignored_failures", std::vector<std::string>{}),
      .stop_on = condition_from(json.at("stop_on"))};
  for (const auto& [name, pid] : json.at("processes").items()) state.status.processes.push_back({name, pid});
  for (const auto& event : json.at("blocking")) state.blocking.push_back(event_from(event));
  return state;
}

ClassState class_from(const Json& json) {
  ClassState state{.name = json.at("name"),
                   .file = json.at("file"),
                   .start_on = condition_from(json.at("start_on")),
                   .spawn_failure = json.contains("spawn_failure") && json.at("spawn_failure").is_string()
                                        ? json.at("spawn_failure")
                                        : "",
                   .replaced_by_newer = json.at("replaced_by_newer"),
                   .jobs = {},
                   .instance_needs = json.value("instance_needs", std::vector<std::string>{}),
                   .respawn_limit_end = {},
                   .file_gone = json.value("file_gone", false)};
  if (auto end = json.find("respawn_limit_end"); end != json.end() && end->is_number()) state.respawn_limit_end = *end;
  for (const auto& job : json.at("jobs")) state.jobs.push_back(job_from(state.name, job));
  return state;
}

} // namespace

std::expected<std::vector<ClassState>, std::string> parse_state(std::string_view text) {
  try {
    std::vector<ClassState> classes;
    auto document = Json::parse(text);
    for (const auto& json : document.at("job_classes")) classes.push_back(class_from(json));
    return classes;
  } catch (const Json::exception& error) { return std::unexpected{std::string{error.what()}}; }
}

} // namespace upstart::client
