#include "daemons/job-supervisor/language/lint/impossible-match.hpp"

#include <algorithm>
#include <array>
#include <fnmatch.h>
#include <format>
#include <span>
#include <string_view>

namespace upstart::supervisor {

namespace {

struct KnownEvent {
  std::string_view name;
  std::span<const std::string_view> variables; // in their order
  bool more;                                   // others may follow
};

constexpr std::array<std::string_view, 3> end_variables{"JOB", "INSTANCE", "RESULT"};
constexpr std::array<std::string_view, 2> begin_variables{"JOB", "INSTANCE"};
constexpr std::array<std::string_view, 2> runlevel_variables{"RUNLEVEL", "PREVLEVEL"};
constexpr std::array<std::string_view, 1> session_variables{"TYPE"};

constexpr std::array<KnownEvent, 10> known_events{{{"startup", {}, false},
                                                   {"control-alt-delete", {}, false},
                                                   {"keyboard-request", {}, false},
                                                   {"power-status-changed", {}, false},
                                                   {"session-end", session_variables, false},
                                                   {"runlevel", runlevel_variables, true},
                                                   {"starting", begin_variables, true},
                                                   {"started", begin_variables, true},
                                                   {"stopping", end_variables, true},
                                                   {"stopped", end_variables, true}}};

struct KnownValues {
  std::string_view variable;
  std::span<const char* const> values;
};

constexpr std::array runlevels{"0", "1", "2", "3", "4", "5", "6", "S", "s"};
constexpr std::array previous_runlevels{"0", "1", "2", "3", "4", "5", "6", "S", "s", "N", ""};
constexpr std::array results{"ok", "failed"};

constexpr std::array<KnownValues, 3> known_values{
    {{"RUNLEVEL", runlevels}, {"PREVLEVEL", previous_runlevels}, {"RESULT", results}}};

const KnownEvent* known_event(std::string_view name) {
  const auto found = std::ranges::find(known_events, name, &KnownEvent::name);
  return found == known_events.end() ? nullptr : &*found;
}

// `started docker on runlevel`: what was meant as the next event.
std::optional<Impossible> looks_like_event(const KnownEvent& event, const ExpressionNode& match) {
  if (!event.name.starts_with("st") || event.variables.empty() || event.variables[0] != "JOB") return std::nullopt;
  for (std::size_t i = 1; i < match.arguments.size(); ++i) {
    const auto& argument = match.arguments[i];
    if (argument.key || (argument.pattern != "on" && known_event(argument.pattern) == nullptr)) continue;
    return Impossible{
        i,
        std::format("`{}` is an argument of `{}` here, which has only JOB, INSTANCE and what the job exports: this "
                    "can never match",
                    argument.pattern, event.name),
        "is `and` or `or` missing before the next event?", "event-as-argument"};
  }
  return std::nullopt;
}

// The variable that an argument is about; empty where that is not known.
std::string_view variable_of(const KnownEvent& event, const EventArgument& argument, std::size_t position) {
  if (argument.key) return *argument.key;
  return position < event.variables.size() ? event.variables[position] : std::string_view{};
}

std::optional<Impossible> no_such_variable(const KnownEvent& event, const EventArgument& argument,
                                           std::size_t position) {
  if (event.more) return std::nullopt;
  const bool there =
      argument.key ? std::ranges::contains(event.variables, *argument.key) : position < event.variables.size();
  if (there) return std::nullopt;
  const auto count = event.variables.size();
  return Impossible{
      position,
      count == 0 ? std::format("the event `{}` carries no variables: this can never match", event.name)
                 : std::format("the event `{}` carries {} only: this can never match", event.name, event.variables[0]),
      {}};
}

// A set of characters, of which a bracket or both may be missing.
std::string in_brackets(std::string_view set) {
  return std::format("{}{}{}", set.starts_with('[') ? "" : "[", set, set.ends_with(']') ? "" : "]");
}

bool is_value(std::span<const char* const> values, std::string_view word) {
  return std::ranges::any_of(values, [&](std::string_view value) { return value == word; });
}

// `runlevel 2 3 4 5`: the second is the previous runlevel, and the third one is that of no variable of init's.
std::optional<Impossible> too_many_runlevels(const KnownEvent& event, const ExpressionNode& match) {
  if (event.name != "runlevel" || match.arguments.size() <= event.variables.size()) return std::nullopt;
  std::string all;
  for (const auto& argument : match.arguments) {
    if (argument.key || argument.negated || !is_value(runlevels, argument.pattern)) return std::nullopt;
    all += argument.pattern;
  }
  return Impossible{
      event.variables.size(),
      "the arguments of `runlevel` are matched in turn against RUNLEVEL, PREVLEVEL and what else the event "
      "has, not each against RUNLEVEL: this can never match",
      std::format("did you mean `{}`?", in_brackets(all))};
}

std::optional<Impossible> no_such_value(std::string_view variable, const EventArgument& argument,
                                        std::size_t position) {
  const auto known = std::ranges::find(known_values, variable, &KnownValues::variable);
  if (known == known_values.end() || argument.negated || argument.pattern.contains('$')) return std::nullopt;
  const auto matches = [&](const char* value) { return fnmatch(argument.pattern.c_str(), value, 0) == 0; };
  if (std::ranges::any_of(known->values, matches)) return std::nullopt;
  Impossible never{position, std::format("no {} matches `{}`", variable, argument.pattern), {}};
  const auto bracketed = in_brackets(argument.pattern);
  const bool meant_as_set =
      std::ranges::any_of(known->values, [&](const char* value) { return fnmatch(bracketed.c_str(), value, 0) == 0; });
  if (variable != "RESULT" && meant_as_set) never.suggestion = std::format("did you mean `{}`?", bracketed);
  return never;
}

// The first $NAME or ${NAME} in a pattern that has no value here and no default.
std::optional<std::string_view> unset_variable(std::string_view pattern, const JobClass& job) {
  constexpr std::string_view name_characters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";
  const auto is_set = [&](std::string_view name) {
    return std::ranges::any_of(job.env,
                               [&](std::string_view entry) { return entry.substr(0, entry.find('=')) == name; });
  };
  for (auto at = pattern.find('$'); at != std::string_view::npos; at = pattern.find('$', at + 1)) {
    auto rest = pattern.substr(at + 1);
    const bool braces = rest.starts_with('{');
    if (braces) rest.remove_prefix(1);
    const auto size = std::min(rest.find_first_not_of(name_characters), rest.size());
    if (size == 0 || (braces && !rest.substr(size).starts_with('}'))) continue;
    if (!is_set(rest.substr(0, size))) return rest.substr(0, size);
  }
  return std::nullopt;
}

std::optional<Impossible> wrong_argument(const ExpressionNode& match, std::size_t position, const JobClass& job,
                                         ExpressionUse use) {
  const auto& argument = match.arguments[position];
  if (const auto* event = known_event(match.event)) {
    if (auto never = no_such_variable(*event, argument, position)) return never;
    if (auto never = no_such_value(variable_of(*event, argument, position), argument, position)) return never;
  }
  if (argument.key == "EXIT_SIGNAL" && argument.pattern.starts_with("SIG"))
    return Impossible{position, "EXIT_SIGNAL is the name without `SIG`: this can never match",
                      std::format("did you mean `{}`?", argument.pattern.substr(3))};
  if (use == ExpressionUse::stop_on) return std::nullopt;
  if (const auto name = unset_variable(argument.pattern, job))
    return Impossible{position, std::format("`${}` has no value here: this can never match", *name),
                      "a start on expression knows the variables of the job's own `env` stanzas only"};
  return std::nullopt;
}

bool is_about_itself(const ExpressionNode& match, const JobClass& job) {
  if (!job.instance.empty() || job.name.empty() || match.arguments.empty()) return false;
  const auto& first = match.arguments.front();
  return (!first.key || *first.key == "JOB") && !first.negated && first.pattern == job.name;
}

// A job cannot be started by its own start, nor stopped by its own end.
bool waits_for_itself(const ExpressionNode& match, const JobClass& job, ExpressionUse use) {
  if (!is_about_itself(match, job)) return false;
  if (use == ExpressionUse::stop_on) return match.event == "stopped";
  return match.event == "starting" || match.event == "started";
}

constexpr std::array<std::string_view, 8> life_variables{"JOB",         "INSTANCE",    "RESULT",         "PROCESS",
                                                         "EXIT_STATUS", "EXIT_SIGNAL", "UPSTART_EVENTS", "UPSTART_JOB"};

// Whether their edit distance is 1. Asked for each condition of each job, and nearly never so.
bool is_one_edit_away(std::string_view left, std::string_view right) {
  const auto same = static_cast<std::size_t>(std::ranges::mismatch(left, right).in1 - left.begin());
  left.remove_prefix(same);
  right.remove_prefix(same);
  while (!left.empty() && !right.empty() && left.back() == right.back()) {
    left.remove_suffix(1);
    right.remove_suffix(1);
  }
  const bool swapped = left.size() == 2 && right.size() == 2 && left[0] == right[1] && left[1] == right[0];
  return swapped || (left.size() <= 1 && right.size() <= 1 && left.size() + right.size() > 0);
}

// The one of these that the word is one typing error away from; empty: it is one of them, or like none.
std::string_view nearly(std::string_view word, std::span<const std::string_view> known) {
  constexpr std::size_t shortest = 3; // of which one letter may be another
  if (word.size() < shortest || std::ranges::contains(known, word)) return {};
  const auto near = std::ranges::find_if(known, [&](std::string_view each) {
    const bool is_short = each.size() < 5; // JOBS is another word than JOB, JBO is not
    const auto may_differ = is_short ? 0U : 1U;
    return word.size() <= each.size() + may_differ && each.size() <= word.size() + may_differ &&
           is_one_edit_away(word, each);
  });
  return near == known.end() ? std::string_view{} : *near;
}

std::optional<Impossible> misspelt_variable(const KnownEvent& event, const ExpressionNode& match) {
  bool of_life = !event.variables.empty() && event.variables[0] == "JOB";
  auto known = of_life ? std::span<const std::string_view>{life_variables} : event.variables;
  for (std::size_t i = 0; i < match.arguments.size(); ++i) {
    if (!match.arguments[i].key) continue;
    if (auto near = nearly(*match.arguments[i].key, known); !near.empty())
      return Impossible{i,
                        std::format("the event `{}` has no variable `{}`{}", event.name, *match.arguments[i].key,
                                    of_life ? " unless the job exports one" : ""),
                        std::format("did you mean `{}`?", near), "misspelt-variable"};
  }
  return std::nullopt;
}

} // namespace

std::optional<Impossible> misspelling(const ExpressionNode& match) {
  if (const auto* event = known_event(match.event)) return misspelt_variable(*event, match);
  std::array<std::string_view, known_events.size()> names;
  std::ranges::transform(known_events, names.begin(), &KnownEvent::name);
  auto near = nearly(match.event, names);
  if (near.empty()) return std::nullopt;
  return Impossible{
      {},
      std::format("`{}` is not an event that init emits; it occurs only if something else emits it", match.event),
      std::format("did you mean `{}`?", near),
      "misspelt-event"};
}

std::optional<Impossible> holds_itself_up(const ExpressionNode& match, const JobClass& job, ExpressionUse use) {
  if (!is_about_itself(match, job)) return std::nullopt;
  const bool in_stop_on = use == ExpressionUse::stop_on;
  if (match.event != "stopping" && !(in_stop_on && match.event == "starting")) return std::nullopt;
  return Impossible{
      {},
      std::format("the job waits for its own `{}` to be finished, which this keeps from that: a {} of it may "
                  "never end",
                  match.event, match.event == "stopping" ? "stop or restart" : "start"),
      in_stop_on ? "" : "to run again after each end, use `respawn`, or `start on stopped` of another job",
      "holds-itself-up"};
}

std::optional<Impossible> why_never(const ExpressionNode& match, const JobClass& job, ExpressionUse use) {
  if (waits_for_itself(match, job, use)) {
    const auto* what = use == ExpressionUse::start_on ? "a job that is not running" : "a job that has stopped";
    return Impossible{{}, std::format("{} cannot wait for its own `{}`: this can never match", what, match.event), {}};
  }
  if (const auto* event = known_event(match.event))
    if (auto never = looks_like_event(*event, match).or_else([&] { return too_many_runlevels(*event, match); }))
      return never;
  for (std::size_t position = 0; position < match.arguments.size(); ++position)
    if (auto never = wrong_argument(match, position, job, use)) return never;
  return std::nullopt;
}

} // namespace upstart::supervisor
