#include "clients/initctl/show/job-details.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <functional>
#include <ranges>

namespace upstart::client {

namespace {

constexpr std::array settings_stanzas{
    "limit",    "nice",    "oom",      "umask",        "setuid",     "setgid",  "chroot",  "chdir",  "cgroup",
    "memory",   "cpu",     "tasks",    "kill",         "expect",     "respawn", "task",    "reload", "normal",
    "apparmor", "console", "watchdog", "no-new-privs", "capability", "private", "protect", "io"};

std::int64_t last_change(const protocol::JobState& state, const std::string& instance) {
  std::int64_t time = 0;
  for (const auto& record : state.records)
    if (record.instance == instance && record.kind != "not started" && record.kind != "reset") time = record.time;
  return time;
}

std::uint64_t respawns(const protocol::JobState& state, const std::string& instance) {
  std::uint64_t times = 0;
  for (const auto& record : state.records)
    if (record.instance == instance && record.kind == "respawned") times += record.times;
  return times;
}

// As the list has it, so that both say the same.
protocol::JobSummary summary_of(const protocol::JobState& state) {
  return {.name = state.name,
          .description = state.description,
          .starts_by_events = !state.start_on.empty(),
          .is_manual = !state.manual_at.empty(),
          .stopped_since = last_change(state, ""),
          .respawns = respawns(state, ""),
          .instances = {},
          .failures = state.failures};
}

ProcessNode node_of(const KnownProcess& process, const std::vector<const KnownProcess*>& family, std::string role,
                    const std::function<std::string(const KnownProcess&)>& command_of) {
  ProcessNode node{.role = std::move(role), .pid = process.pid, .command = command_of(process)};
  for (const auto* other : family)
    if (other->parent == process.pid) node.children.push_back(node_of(*other, family, "", command_of));
  return node;
}

// Those that have left their parents stand beside the process whose session they are of.
void add_strays(ProcessNode& node, const std::vector<const KnownProcess*>& family,
                const std::function<std::string(const KnownProcess&)>& command_of) {
  for (const auto* other : family)
    if (other->pid != node.pid && !std::ranges::contains(family, other->parent, &KnownProcess::pid))
      node.children.push_back(node_of(*other, family, "", command_of));
}

} // namespace

JobRow row_of(const protocol::JobState& state, const protocol::InstanceState& instance, const ProcessTable& processes) {
  auto summary = summary_of(state);
  summary.instances.push_back({.name = instance.name,
                               .goal = instance.goal,
                               .state = instance.state,
                               .since = last_change(state, instance.name),
                               .respawns = respawns(state, instance.name),
                               .processes = instance.processes});
  return rows_of({summary}, processes).front();
}

std::vector<JobRow> stopped_rows_of(const protocol::JobState& state) {
  if (!state.instances.empty()) return {};
  return rows_of({summary_of(state)}, ProcessTable{{}});
}

std::vector<std::string> settings_in(std::string_view class_text) {
  std::vector<std::string> settings;
  bool in_script = false;
  for (auto part : class_text | std::views::split('\n')) {
    std::string_view line{part};
    auto word = line.substr(0, line.find(' '));
    if (line == "end script") in_script = false;
    else if (line.ends_with("script") && !in_script) in_script = true;
    else if (!in_script && std::ranges::contains(settings_stanzas, word)) settings.emplace_back(line);
  }
  return settings;
}

std::vector<ProcessNode> trees_of(const InstanceStatus& status, const ProcessTable& processes,
                                  const std::function<std::string(const KnownProcess&)>& command_of) {
  std::vector<ProcessNode> trees;
  for (const auto& [role, pid] : status.processes) {
    const auto* process = processes.find(pid);
    if (process == nullptr) {
      trees.push_back({.role = role, .pid = pid, .command = ""});
      continue;
    }
    auto family = processes.family_of(pid);
    trees.push_back(node_of(*process, family, role, command_of));
    add_strays(trees.back(), family, command_of);
  }
  return trees;
}

Json to_json(const ProcessNode& node) {
  Json children = Json::array();
  for (const auto& child : node.children) children.push_back(to_json(child));
  return {{"role", node.role.empty() ? Json{} : Json(node.role)},
          {"pid", node.pid},
          {"command", node.command},
          {"children", children}};
}

namespace {

Json to_json_or_null(const std::optional<LogTail>& log) {
  if (!log) return nullptr;
  return {{"path", log->path}, {"lines", log->lines}};
}

Json details_json(const InstanceDetails& instance, const Json& explained) {
  Json document = to_json(instance.row);
  document.update(explained);
  document["tree"] = Json::array();
  for (const auto& node : instance.processes) document["tree"].push_back(to_json(node));
  document["log"] = to_json_or_null(instance.log);
  return document;
}

} // namespace

Json to_json(const JobDetails& details) {
  Json document = to_json(details.explanation);
  document["description"] = details.state.description;
  document["condition"] = details.instances.size() == 1 ? Json(name_of(details.instances.front().row.condition))
                          : details.stopped.empty()     ? Json{}
                                                        : Json(name_of(details.stopped.front().condition));
  for (std::size_t i = 0; i < details.instances.size(); ++i)
    document["instances"][i] = details_json(details.instances[i], document["instances"][i]);
  document["failures"] = Json::array();
  for (const auto& [instance, time, text] : details.state.failures)
    document["failures"].push_back({{"instance", instance}, {"time", time}, {"text", text}});
  document["override"] = Json::array();
  for (const auto& [number, text] : details.override_lines)
    document["override"].push_back({{"line", number}, {"text", text}});
  document["settings"] = details.settings;
  document["watches"] = details.watches;
  document["log"] = to_json_or_null(details.log);
  return document;
}

} // namespace upstart::client
