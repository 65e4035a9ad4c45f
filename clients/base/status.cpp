#include "clients/base/status.hpp"

#include <ranges>

namespace upstart::client {

namespace {

// The processes that are the job itself at some time of its life; the others accompany one of them.
bool stands_for_the_job(const RunningProcess& process) {
  return process.name == "main" || process.name == "pre-start" || process.name == "post-stop";
}

std::string first_process(const RunningProcess& process) {
  auto name = stands_for_the_job(process) ? std::string{} : "(" + process.name + ") ";
  return ", " + name + "process " + std::to_string(process.pid);
}

} // namespace

std::string shown_name(const std::string& job, const std::string& instance) {
  return instance.empty() ? job : job + " (" + instance + ")";
}

std::string to_text(const InstanceStatus& status) {
  std::string text = shown_name(status.job, status.instance.value_or("")) + " " + status.goal + "/" + status.state;
  if (!status.processes.empty()) text += first_process(status.processes.front());
  for (const auto& process : status.processes | std::views::drop(1))
    text += "\n\t" + process.name + " process " + std::to_string(process.pid);
  return text + "\n";
}

} // namespace upstart::client
