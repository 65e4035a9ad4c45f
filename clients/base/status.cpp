#include "clients/base/status.hpp"

#include <nlohmann/json.hpp>

#include <format>
#include <ranges>

namespace upstart::client {

namespace {

// The processes that are the job itself at some time of its life; the others accompany one of them.
bool stands_for_the_job(const RunningProcess& process) {
  return process.name == "main" || process.name == "pre-start" || process.name == "post-stop";
}

std::string first_process(const RunningProcess& process) {
  return stands_for_the_job(process) ? std::format(", process {}", process.pid)
                                     : std::format(", ({}) process {}", process.name, process.pid);
}

} // namespace

std::string shown_name(const std::string& job, const std::string& instance) {
  return instance.empty() ? job : std::format("{} ({})", job, instance);
}

std::string to_text(const InstanceStatus& status) {
  std::string text =
      std::format("{} {}/{}", shown_name(status.job, status.instance.value_or("")), status.goal, status.state);
  if (!status.processes.empty()) text += first_process(status.processes.front());
  for (const auto& process : status.processes | std::views::drop(1))
    text += std::format("\n\t{} process {}", process.name, process.pid);
  return text + "\n";
}

Json to_json(const InstanceStatus& status) {
  Json processes = Json::array();
  for (const auto& process : status.processes) processes.push_back({{"name", process.name}, {"pid", process.pid}});
  Json document{{"job", status.job},
                {"instance", nullptr},
                {"goal", status.goal},
                {"state", status.state},
                {"processes", processes}};
  if (status.instance) document["instance"] = *status.instance;
  return document;
}

} // namespace upstart::client
