#include "daemons/mqtt-bridge/core/node-table.hpp"

#include "daemons/bridge/conditions/variables.hpp"
#include "protocol/event-pattern.hpp"

#include <algorithm>

namespace upstart::mqtt_bridge {

namespace {

constexpr std::string_view of_node = "node/", of_job = "asks/";

bool fits(const NodeCondition& condition, const std::string& node) {
  return protocol::event_fits(condition.pattern, node);
}

std::string text_of(const std::vector<NodeCondition>& conditions) {
  std::string text;
  for (const auto& condition : conditions) text += (condition.up ? "+" : "-") + condition.pattern + "\n";
  return text;
}

} // namespace

NodeTable::NodeTable(bridge::Memory& memory, const SeenIds::Records& records, std::string own)
    : memory_{memory}, own_{std::move(own)} {
  auto each = [&](std::string_view prefix, auto take) {
    for (auto record = records.lower_bound(prefix); record != records.end() && record->first.starts_with(prefix);
         ++record)
      take(record->first.substr(prefix.size()), record->second);
  };
  each(of_node, [this](auto node, const auto& value) { online_.emplace(std::move(node), value == "up"); });
  each(of_job, [this](auto job, const auto& value) { known_jobs_.emplace(std::move(job), value); });
}

bool NodeTable::is_record(std::string_view key) { return key.starts_with(of_node) || key.starts_with(of_job); }

std::vector<bridge::ConditionWarning> NodeTable::jobs_changed(const bridge::ConditionsUpdate& update) {
  std::vector<bridge::ConditionWarning> faults;
  for (const auto& job : update.gone) jobs_.erase(job);
  for (const auto& [job, matches] : update.changed) {
    std::vector<NodeCondition> conditions;
    for (const auto& match : matches) {
      if (!is_node_event(match.event)) continue;
      auto condition = parse_node_condition(match.event, match.arguments);
      if (condition) conditions.push_back(std::move(*condition));
      else faults.push_back(bridge::describe(condition.error(), job, match, "it does not come"));
    }
    if (conditions.empty()) jobs_.erase(job);
    else jobs_[job] = std::move(conditions);
  }
  for (const auto& [job, conditions] : jobs_) note_job(job);
  for (auto known = known_jobs_.begin(); known != known_jobs_.end();) {
    bool is_gone = !jobs_.contains(known->first);
    if (is_gone) memory_.erase(std::string{of_job} + known->first);
    known = is_gone ? known_jobs_.erase(known) : std::next(known);
  }
  forget_unwanted();
  return faults;
}

// For what it asks for anew, nodes that are up count as coming.
void NodeTable::note_job(const std::string& job) {
  const auto& conditions = jobs_.at(job);
  auto text = text_of(conditions);
  auto [known, is_new] = known_jobs_.try_emplace(job);
  if (!is_new && known->second == text) return;
  known->second = text;
  memory_.put(std::string{of_job} + job, text);
  for (const auto& [node, online] : online_)
    if (online && std::ranges::any_of(conditions, [&](const auto& one) { return one.up && fits(one, node); }))
      emit(true, node);
}

bool NodeTable::is_asked_for(const std::string& node) const {
  return std::ranges::any_of(jobs_, [&](const auto& job) {
    return std::ranges::any_of(job.second, [&](const auto& condition) { return fits(condition, node); });
  });
}

void NodeTable::forget_unwanted() {
  std::erase_if(online_, [&](const auto& entry) {
    if (is_asked_for(entry.first)) return false;
    memory_.erase(std::string{of_node} + entry.first);
    return true;
  });
}

void NodeTable::emit(bool up, const std::string& node) {
  protocol::Environment environment;
  environment.set("NODE", node);
  memory_.emit(up ? std::string{node_up} : std::string{node_down}, std::move(environment));
}

void NodeTable::set_online(const std::string& node, bool online) {
  online_[node] = online;
  memory_.put(std::string{of_node} + node, online ? "up" : "down");
}

void NodeTable::take_state(const std::string& node, std::optional<bool> online) {
  if (node == own_ || !is_asked_for(node)) return;
  auto known = online_.find(node);
  bool was_up = known != online_.end() && known->second;
  bool is_up = online.value_or(false);
  if (known == online_.end() || was_up != is_up) set_online(node, is_up);
  if (was_up == is_up) return;
  auto wants = [&](const auto& job) {
    return std::ranges::any_of(job.second, [&](const auto& one) { return one.up == is_up && fits(one, node); });
  };
  if (std::ranges::any_of(jobs_, wants)) emit(is_up, node);
}

std::set<std::string> NodeTable::wanted() const {
  std::set<std::string> nodes;
  for (const auto& [job, conditions] : jobs_)
    for (const auto& condition : conditions)
      nodes.insert(protocol::is_event_pattern(condition.pattern) ? "+" : condition.pattern);
  if (nodes.contains("+")) return {"+"};
  return nodes;
}

std::optional<bool> NodeTable::is_online(const std::string& node) const {
  auto known = online_.find(node);
  if (known == online_.end()) return std::nullopt;
  return known->second;
}

std::vector<NodeTable::Asked> NodeTable::asked() const {
  std::map<std::pair<std::string, std::string>, std::set<std::string>> by_condition;
  for (const auto& [job, conditions] : jobs_)
    for (const auto& condition : conditions)
      by_condition[{std::string{condition.up ? node_up : node_down}, condition.pattern}].insert(job);
  std::vector<Asked> result;
  for (auto& [condition, jobs] : by_condition) result.push_back({condition.first, condition.second, std::move(jobs)});
  return result;
}

} // namespace upstart::mqtt_bridge
