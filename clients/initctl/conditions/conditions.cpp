#include "clients/initctl/conditions/conditions.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <format>
#include <ranges>
#include <set>

namespace upstart::client {

namespace {

using Tree = std::unique_ptr<Condition>;

Tree leaf(const std::vector<std::string>& words) {
  auto condition = std::make_unique<Condition>();
  condition->event = words.front();
  condition->arguments = words | std::views::drop(1) | std::ranges::to<std::vector>();
  return condition;
}

Tree branch(Condition::Kind kind, std::vector<Tree>& operands) {
  if (operands.size() < 2) return nullptr;
  auto condition = std::make_unique<Condition>();
  condition->kind = kind;
  condition->right = std::move(operands.back());
  operands.pop_back();
  condition->left = std::move(operands.back());
  operands.pop_back();
  return condition;
}

Tree node(const std::vector<std::string>& words, std::vector<Tree>& operands) {
  if (words.empty()) return nullptr;
  if (words.front() == "/AND") return branch(Condition::Kind::all_of, operands);
  if (words.front() == "/OR") return branch(Condition::Kind::any_of, operands);
  return leaf(words);
}

bool is_job_event(std::string_view event) {
  constexpr std::array events{"starting", "started", "stopping", "stopped"};
  return std::ranges::contains(events, event);
}

bool is_positional(std::string_view argument) { return !argument.contains('='); }

bool job_is_positional(const Condition& event) {
  return is_job_event(event.event) && !event.arguments.empty() && is_positional(event.arguments.front());
}

std::string_view word_for(Condition::Kind kind) { return kind == Condition::Kind::all_of ? "and" : "or"; }

std::string preceded_by_spaces(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += " " + word;
  return text;
}

void collect(const Condition& condition, std::vector<const Condition*>& events) {
  if (condition.kind == Condition::Kind::event) {
    events.push_back(&condition);
    return;
  }
  collect(*condition.left, events);
  collect(*condition.right, events);
}

// Whether a condition can come true; on the way notes the events that cannot under every operator that cannot.
class Check {
public:
  explicit Check(const std::function<bool(const Condition&)>& can_happen) : can_happen_{can_happen} {}

  bool possible(const Condition& condition) {
    if (condition.kind == Condition::Kind::event) return can_happen_(condition);
    bool left = possible(*condition.left);
    bool right = possible(*condition.right);
    bool together = condition.kind == Condition::Kind::all_of ? left && right : left || right;
    if (!together) blame(condition);
    return together;
  }

  void blame(const Condition& condition) {
    for (const auto* event : events_of(condition))
      if (!can_happen_(*event)) blamed_.insert(event);
  }

  [[nodiscard]] bool is_blamed(const Condition* event) const { return blamed_.contains(event); }

private:
  const std::function<bool(const Condition&)>& can_happen_;
  std::set<const Condition*> blamed_;
};

} // namespace

Tree tree_of(const Postfix& postfix) {
  std::vector<Tree> operands;
  for (const auto& words : postfix) {
    auto made = node(words, operands);
    if (!made) return nullptr;
    operands.push_back(std::move(made));
  }
  return operands.size() == 1 ? std::move(operands.front()) : nullptr;
}

std::string written(const Condition& condition) {
  if (condition.kind == Condition::Kind::event) return condition.event + preceded_by_spaces(condition.arguments);
  return std::format("({} {} {})", written(*condition.left), word_for(condition.kind), written(*condition.right));
}

Json to_json(const Condition& condition) {
  if (condition.kind == Condition::Kind::event) return {{"event", condition.event}, {"arguments", condition.arguments}};
  return {{std::string{word_for(condition.kind)}, Json::array({to_json(*condition.left), to_json(*condition.right)})}};
}

std::vector<const Condition*> events_of(const Condition& condition) {
  std::vector<const Condition*> events;
  collect(condition, events);
  return events;
}

std::string job_named_by(const Condition& event) {
  if (!is_job_event(event.event)) return {};
  if (job_is_positional(event)) return event.arguments.front();
  for (std::string_view argument : event.arguments)
    if (argument.starts_with("JOB=")) return std::string{argument.substr(4)};
  return {};
}

std::vector<std::string> arguments_beside_job(const Condition& event) {
  return event.arguments | std::views::drop(job_is_positional(event) ? 1 : 0) | std::ranges::to<std::vector>();
}

std::string enumerated(const Condition& event) {
  std::string job = job_named_by(event);
  return std::format("{} (job:{}{}, env:{})", event.event, job.empty() ? "" : " ", job,
                     preceded_by_spaces(arguments_beside_job(event)));
}

bool can_come_true(const Condition& condition, const std::function<bool(const Condition&)>& can_happen) {
  if (condition.kind == Condition::Kind::event) return can_happen(condition);
  bool left = can_come_true(*condition.left, can_happen), right = can_come_true(*condition.right, can_happen);
  return condition.kind == Condition::Kind::all_of ? left && right : left || right;
}

std::vector<const Condition*> unreachable_events(const Condition& condition, bool all,
                                                 const std::function<bool(const Condition&)>& can_happen) {
  Check check{can_happen};
  if (!check.possible(condition) || all) check.blame(condition);
  auto events = events_of(condition);
  return events | std::views::reverse | std::views::filter([&](const auto* event) { return check.is_blamed(event); }) |
         std::ranges::to<std::vector>();
}

} // namespace upstart::client
