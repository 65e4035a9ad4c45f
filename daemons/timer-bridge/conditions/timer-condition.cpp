#include "daemons/timer-bridge/conditions/timer-condition.hpp"

#include "daemons/bridge/conditions/variables.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <format>
#include <vector>

namespace upstart::timer_bridge {

namespace {

using bridge::ConditionFault;
using protocol::Environment;
using Outcome = std::expected<void, ConditionFault>;
namespace fs = std::filesystem;

constexpr const char* zones = "/usr/share/zoneinfo";

std::unexpected<ConditionFault> fault(std::string_view variable, std::string message) {
  return std::unexpected{ConditionFault{std::string{variable}, std::move(message)}};
}

Outcome take_duration(const Environment& variables, std::string_view variable, std::chrono::seconds& into) {
  auto text = variables.get(variable);
  if (!text) return {};
  auto duration = parse_duration(*text);
  if (!duration) return fault(variable, duration.error());
  into = *duration;
  return {};
}

Outcome take_every(const Environment& variables, TimerCondition& condition) {
  return take_duration(variables, "EVERY", condition.every)
      .and_then([&] { return take_duration(variables, "JITTER", condition.jitter); })
      .and_then([&] -> Outcome {
        if (condition.jitter >= condition.every)
          return fault("JITTER", "is not less than EVERY; the times would overtake each other");
        return {};
      });
}

Outcome take_after(const Environment& variables, TimerCondition& condition) {
  condition.kind = Kind::after;
  condition.after = variables.get("AFTER").value_or("");
  if (condition.after.empty()) return fault("AFTER", "is empty; the name of an event is needed");
  if (condition.after == event_name) return fault("AFTER", "timer would follow its own events; name another event");
  if (!variables.contains("DELAY")) return fault("DELAY", "is missing; say how long after the event, such as 15m");
  return take_duration(variables, "DELAY", condition.every);
}

Outcome take_catch_up(const Environment& variables, TimerCondition& condition) {
  auto word = variables.get("CATCHUP");
  if (!word || *word == "yes") return {};
  if (*word != "no") return fault("CATCHUP", std::format("unknown value {}; yes or no is needed", *word));
  condition.catch_up = false;
  return {};
}

Outcome take_zone(const Environment& variables, TimerCondition& condition) {
  condition.zone = variables.get("TZ").value_or("");
  if (condition.zone.empty() ? variables.contains("TZ") : !is_zone(condition.zone))
    return fault("TZ",
                 std::format("`{}' is no time zone that this machine knows, such as Europe/Berlin", condition.zone));
  return {};
}

Outcome take_calendar(const Environment& variables, TimerCondition& condition) {
  condition.kind = Kind::calendar;
  bool at = variables.contains("AT");
  auto calendar = at ? parse_at(*variables.get("AT")) : parse_cron(*variables.get("CRON"));
  if (!calendar) return fault(at ? "AT" : "CRON", calendar.error());
  condition.calendar = std::move(*calendar);
  return take_zone(variables, condition).and_then([&] { return take_catch_up(variables, condition); });
}

// A kind of timer: the variable that makes it one, and the others that it may have.
struct KindOfTimer {
  std::string_view main;
  std::array<std::string_view, 2> others;
  Outcome (*take)(const Environment&, TimerCondition&);
};
constexpr std::array kinds{
    KindOfTimer{"EVERY", {"JITTER", ""}, take_every},
    KindOfTimer{"AT", {"TZ", "CATCHUP"}, take_calendar},
    KindOfTimer{"CRON", {"TZ", "CATCHUP"}, take_calendar},
    KindOfTimer{"AFTER", {"DELAY", ""}, take_after},
};

// What the event adds may be matched on, too.
bool is_of_every_kind(std::string_view variable) { return variable == "TIME" || variable == "MISSED"; }

Outcome only_its_variables(const Environment& variables, const KindOfTimer& kind) {
  for (const auto& entry : variables.strings()) {
    auto key = protocol::key_of(entry);
    if (key == kind.main || is_of_every_kind(key) || std::ranges::contains(kind.others, key)) continue;
    if (std::ranges::contains(kinds, key, &KindOfTimer::main))
      return fault(key, std::format("stands beside {}; a condition has one of EVERY, AT, CRON, AFTER", kind.main));
    std::string known{kind.main};
    for (auto other : kind.others)
      if (!other.empty()) known.append(", ").append(other);
    return fault(key, std::format("not a variable of this kind of timer; known are {}", known));
  }
  return {};
}

} // namespace

std::string text_of(const Environment& variables) {
  std::string text;
  for (const auto& entry : variables.strings()) {
    auto value = protocol::value_of(entry);
    auto quote = value.contains(' ') ? "\"" : "";
    text += std::format("{}{}={}{}{}", text.empty() ? "" : " ", protocol::key_of(entry), quote, value, quote);
  }
  return text;
}

bool is_zone(const std::string& name) {
  if (name.starts_with('/') || name.contains("..") || name.starts_with('.')) return false;
  std::error_code error;
  return fs::is_regular_file(fs::path{zones} / name, error);
}

std::expected<TimerCondition, ConditionFault> parse_condition(std::span<const std::string> arguments) {
  auto variables = bridge::variables_of(arguments, bridge::Patterns::allowed);
  if (!variables) return std::unexpected(variables.error());
  auto kind = std::ranges::find_if(kinds, [&](const KindOfTimer& one) { return variables->contains(one.main); });
  if (kind == kinds.end())
    return fault("EVERY", "is missing, and so are AT, CRON and AFTER; a condition has one of them, such as EVERY=15m");
  TimerCondition condition;
  for (const auto& entry : variables->strings())
    if (!is_of_every_kind(protocol::key_of(entry))) condition.variables.set_string(entry);
  auto outcome = only_its_variables(*variables, *kind).and_then([&] { return kind->take(*variables, condition); });
  if (!outcome) return std::unexpected(outcome.error());
  return condition;
}

} // namespace upstart::timer_bridge
