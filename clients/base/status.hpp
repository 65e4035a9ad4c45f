// The status of a job as initctl shows it: `JOB (INSTANCE) GOAL/STATE, process PID`.
#pragma once

#include "clients/base/json.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace upstart::client {

struct RunningProcess {
  std::string name; // main, pre-start, …
  std::int32_t pid = 0;
  friend bool operator==(const RunningProcess&, const RunningProcess&) = default;
};

struct InstanceStatus {
  std::string job;
  std::optional<std::string> instance = {}; // nothing: there is no instance
  std::string goal = "stop", state = "waiting";
  std::vector<RunningProcess> processes = {}; // main first
  friend bool operator==(const InstanceStatus&, const InstanceStatus&) = default;
};

// "JOB" or "JOB (INSTANCE)".
[[nodiscard]] std::string shown_name(const std::string& job, const std::string& instance);
// Ends in a newline.
[[nodiscard]] std::string to_text(const InstanceStatus& status);
[[nodiscard]] Json to_json(const InstanceStatus& status);

} // namespace upstart::client
