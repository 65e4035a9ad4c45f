#include "clients/initctl/explain/condition-inquiry.hpp"

#include "clients/base/bridges/condition-check.hpp"
#include "clients/base/status.hpp"
#include "clients/initctl/conditions/node-of-event.hpp"
#include "protocol/bridges.hpp"
#include "protocol/environment.hpp"

#include <fnmatch.h>

#include <algorithm>
#include <format>
#include <ranges>

namespace upstart::client {

namespace {

// One condition of one class, looked at with all that is known.
class ConditionInquiry {
public:
  ConditionInquiry(const protocol::JobState& state, const Knowledge& knowledge)
      : state_{state}, knowledge_{knowledge} {}

  ConditionFinding look_at(const std::vector<protocol::ConditionNode>& nodes) const {
    Postfix postfix;
    for (const auto& node : nodes) postfix.push_back(node.words);
    auto condition = tree_of(postfix);
    if (!condition) return {};
    ConditionFinding finding{.written = written(*condition), .events = {}};
    for (const auto& [event, node] : std::views::zip(events_of(*condition), nodes | std::views::filter(is_event)))
      finding.events.push_back(look_at(*event, node));
    auto can_happen = [&](const Condition& event) { return was_or_can_be_seen(event, finding.events, written(event)); };
    finding.can_come_true = can_come_true(*condition, can_happen);
    return finding;
  }

private:
  static bool is_event(const protocol::ConditionNode& node) {
    return node.words.front() != "/AND" && node.words.front() != "/OR";
  }

  static bool was_or_can_be_seen(const Condition&, const std::vector<EventFinding>& findings,
                                 const std::string& event) {
    auto found = std::ranges::find(findings, event, &EventFinding::event);
    return found != findings.end() && (found->seen || found->can_come);
  }

  EventFinding look_at(const Condition& event, const protocol::ConditionNode& node) const {
    EventFinding finding{.event = written(event),
                         .words = node.expanded.empty() ? node.words : node.expanded,
                         .seen = node.held.has_value(),
                         .by = {},
                         .can_come = true,
                         .remark = {}};
    if (node.held) {
      finding.by = PastEvent{.id = node.held->id, .name = node.held->name};
      if (const auto* past = find_event(knowledge_.history, node.held->id)) finding.by = *past;
      return finding;
    }
    if (node.unset) {
      finding.can_come = false;
      finding.remark = not_set(*node.unset);
      return finding;
    }
    auto in_force = node.expanded.empty() ? nullptr : tree_of({node.expanded});
    look_back(in_force ? *in_force : event, finding);
    look_at_bridge(in_force ? *in_force : event, finding);
    return finding;
  }

  // An event that only a bridge emits: what keeps it from coming, or since when it is watched for.
  void look_at_bridge(const Condition& event, EventFinding& finding) const {
    auto place = protocol::bridge_of_event(event.event);
    if (!place && std::ranges::any_of(event.arguments, names_node)) place = protocol::bridge_of_name("mqtt-bridge");
    if (!place) return;
    if (auto unserved = check_condition({event.event, event.arguments})) {
      finding.can_come = false;
      finding.remark = "cannot come: " + unserved->text();
      return;
    }
    std::string bridge = protocol::bridges.at(*place).name;
    auto known = std::ranges::find(knowledge_.bridges, bridge, &KnownBridge::name);
    if (known == knowledge_.bridges.end())
      finding.remark += std::format("; upstart-{}, which emits it, is not running: it is about to be started, or not "
                                    "installed (init's log says so){}",
                                    bridge, bridge == "mqtt-bridge" ? ", or there is no fleet.conf(5)" : "");
    else finding.remark += "; " + watched_by(*known, finding.event);
  }

  // What the bridge watches for this condition or, where that cannot be told, for all conditions of the job.
  static std::string watched_by(const KnownBridge& bridge, const std::string& event) {
    std::string text;
    auto is_of_condition = [&](const BridgeWatch& watch) {
      return event.contains(watch.what.substr(watch.what.find(' ') + 1));
    };
    bool some = std::ranges::any_of(bridge.watches, is_of_condition);
    for (const auto& watch : bridge.watches) {
      if (some && !is_of_condition(watch)) continue;
      auto since = watch.since ? " since " + shown_time(*watch.since) : "";
      text += std::format("{}{} ({}{})", text.empty() ? "" : ", ", watch.what, watch.state, since);
    }
    return std::format("upstart-{} {}{}", bridge.name, text.empty() ? "emits it" : "has ", text);
  }

  static std::string not_set(const std::vector<std::string>& variables) {
    if (variables.empty()) return "its variables cannot be expanded, so it cannot match";
    std::string names;
    for (const auto& variable : variables) names += (names.empty() ? "$" : " and $") + variable;
    return std::format("{} {} not set, so it cannot match", names, variables.size() == 1 ? "is" : "are");
  }

  // What there is in the past of an event that was not seen.
  void look_back(const Condition& event, EventFinding& finding) const {
    const auto* last = last_that_matches(event);
    const auto* namesake = last_of_that_name(event);
    bool possible = knowledge_.possible.can_happen(event);
    bool never = !possible && knowledge_.possible.obstacle_of(event).kind == "job";
    finding.can_come = !never && (namesake || possible);
    if (last) finding.remark = last_came(*last);
    else
      finding.remark =
          (namesake && !never ? did_not_match(event, *namesake) : not_seen(event)) + state_of_its_job(event);
  }

  const PastEvent* last_that_matches(const Condition& event) const {
    for (const auto& past : knowledge_.history | newest_first)
      if (past.name == event.event && !mismatch(event, past.environment)) return &past;
    return nullptr;
  }

  // Of an event of a job's life, that of the job which is meant: what became of others says nothing.
  const PastEvent* last_of_that_name(const Condition& event) const {
    auto job = job_named_by(event);
    for (const auto& past : knowledge_.history | newest_first)
      if (past.name == event.event && (job.empty() || value_of(past, "JOB") == job)) return &past;
    return nullptr;
  }

  bool moves_because_of(const PastEvent& past) const {
    return std::ranges::any_of(state_.instances, [&](const auto& instance) {
      return std::ranges::contains(instance.blocking, past.id, &protocol::EventReference::id);
    });
  }

  // The record of what became of a match by this event, which was made soon after it.
  const protocol::JobRecordState* why_not_started(const PastEvent& past) const {
    constexpr std::chrono::seconds soon{2};
    for (const auto& record : state_.records | newest_first)
      if (auto time = WallTime{std::chrono::microseconds{record.time}};
          record.kind == "not started" && time >= past.time && time - past.time < soon)
        return &record;
    return nullptr;
  }

  std::string last_came(const PastEvent& past) const {
    if (moves_because_of(past)) return std::format("seen {}: the job is acting on it now", when(past));
    auto used = std::ranges::contains(past.done, state_.name, &protocol::JobAction::job);
    if (used) return std::format("last emitted {}, and was consumed then", when(past));
    if (const auto* record = why_not_started(past)) return std::format("last emitted {}: {}", when(past), record->text);
    return std::format("last emitted {}, when the job did not wait for it", when(past));
  }

  static std::string did_not_match(const Condition& event, const PastEvent& past) {
    return std::format("not seen: emitted {} as `{}', but {} does not match", when(past),
                       shown_event(past.name, past.environment), mismatch(event, past.environment).value_or("it"));
  }

  std::string not_seen(const Condition& event) const {
    return knowledge_.possible.can_happen(event) ? "not seen yet" : nobody_emits(event);
  }

  std::string nobody_emits(const Condition& event) const {
    auto obstacle = knowledge_.possible.obstacle_of(event);
    if (obstacle.kind == "job") return std::format("can never come: there is no job {}", obstacle.name);
    return std::format(
        "nobody emits it: not init, and no loaded job says that it `emits {0}'; only `initctl emit {0}' emits it",
        obstacle.name);
  }

  // For an event of another job's life: where that job stands.
  std::string state_of_its_job(const Condition& event) const {
    std::string job = job_named_by(event);
    auto found = std::ranges::find(knowledge_.named_jobs, job, &protocol::JobState::name);
    if (job.empty() || found == knowledge_.named_jobs.end()) return {};
    if (found->instances.empty()) return std::format("; {0} is stop/waiting (initctl explain {0})", job);
    const auto& instance = found->instances.front();
    return std::format("; {} is {}/{}", shown_name(job, instance.name), instance.goal, instance.state);
  }

  const protocol::JobState& state_;
  const Knowledge& knowledge_;
};

} // namespace

ConditionFinding look_at(const std::vector<protocol::ConditionNode>& nodes, const protocol::JobState& job,
                         const Knowledge& knowledge) {
  return ConditionInquiry{job, knowledge}.look_at(nodes);
}

namespace {
bool fits(const std::string& event, const std::string& variable, const std::string& pattern, std::string_view value) {
  return protocol::is_no_pattern(event, variable) ? pattern == value
                                                  : ::fnmatch(pattern.c_str(), std::string{value}.c_str(), 0) == 0;
}
} // namespace

std::optional<std::string> mismatch(const Condition& condition, const std::vector<std::string>& environment) {
  protocol::Environment variables{environment};
  for (std::size_t i = 0; i < condition.arguments.size(); ++i) {
    const std::string& argument = condition.arguments[i];
    auto equals = argument.find('=');
    bool named = equals != std::string::npos;
    bool negated = named && equals > 0 && argument[equals - 1] == '!';
    std::string pattern = named ? argument.substr(equals + 1) : argument;
    if (pattern.contains('$')) continue;
    auto variable = named ? argument.substr(0, negated ? equals - 1 : equals) : "";
    std::optional<std::string_view> value;
    if (named) value = variables.get(variable);
    else if (i < environment.size()) value = protocol::value_of(environment[i]);
    if (!value || fits(condition.event, variable, pattern, *value) == negated) return argument;
  }
  return std::nullopt;
}

} // namespace upstart::client
