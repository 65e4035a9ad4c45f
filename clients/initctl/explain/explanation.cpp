#include "clients/initctl/explain/explanation.hpp"

#include "daemons/job-supervisor/language/words/suggestions.hpp"
#include "protocol/environment.hpp"

#include <fnmatch.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <format>
#include <ranges>

namespace upstart::client {

namespace {

using protocol::Environment;

constexpr auto newest_first = std::views::reverse;

std::string value_of(const PastEvent& event, std::string_view key) {
  Environment environment{event.environment};
  return std::string{environment.get(key).value_or("")};
}

std::string title(const JobState& job) { return shown_name(job.status.job, job.status.instance.value_or("")); }

bool is_life_event(std::string_view name) {
  constexpr std::array names{"starting", "started", "stopping", "stopped"};
  return std::ranges::contains(names, name);
}

bool is_of_job(const PastEvent& event, const std::string& job) {
  return is_life_event(event.name) && value_of(event, "JOB") == job;
}

bool is_of(const PastEvent& event, const InstanceStatus& status) {
  return is_of_job(event, status.job) && value_of(event, "INSTANCE") == status.instance.value_or("");
}

const PastEvent* find_event(const std::vector<PastEvent>& history, std::uint64_t id) {
  auto found = std::ranges::find(history, id, &PastEvent::id);
  return found == history.end() ? nullptr : &*found;
}

std::string when(const PastEvent& event) { return std::format("{} (#{})", shown_time(event.time), event.id); }

// One condition of one class, looked at with all that is known.
class Inquiry {
public:
  Inquiry(const ClassState& state, const Knowledge& knowledge) : state_{state}, knowledge_{knowledge} {}

  ConditionFinding look_at(const std::vector<ConditionNode>& nodes) const {
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
  static bool is_event(const ConditionNode& node) {
    return node.words.front() != "/AND" && node.words.front() != "/OR";
  }

  static bool was_or_can_be_seen(const Condition&, const std::vector<EventFinding>& findings,
                                 const std::string& event) {
    auto found = std::ranges::find(findings, event, &EventFinding::event);
    return found != findings.end() && (found->seen || found->can_come);
  }

  EventFinding look_at(const Condition& event, const ConditionNode& node) const {
    EventFinding finding{
        .event = written(event), .seen = node.held.has_value(), .by = {}, .can_come = true, .remark = {}};
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
    return finding;
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
    finding.can_come = namesake || knowledge_.possible.can_happen(event);
    if (last) finding.remark = last_came(*last);
    else finding.remark = (namesake ? did_not_match(event, *namesake) : not_seen(event)) + state_of_its_job(event);
  }

  const PastEvent* last_that_matches(const Condition& event) const {
    for (const auto& past : knowledge_.history | newest_first)
      if (past.name == event.event && !mismatch(event, past.environment)) return &past;
    return nullptr;
  }

  const PastEvent* last_of_that_name(const Condition& event) const {
    for (const auto& past : knowledge_.history | newest_first)
      if (past.name == event.event) return &past;
    return nullptr;
  }

  bool moves_because_of(const PastEvent& past) const {
    return std::ranges::any_of(
        state_.jobs, [&](const auto& job) { return std::ranges::contains(job.blocking, past.id, &EventRef::id); });
  }

  std::string last_came(const PastEvent& past) const {
    if (moves_because_of(past)) return std::format("came {}: that is what it does now", when(past));
    auto used = std::ranges::contains(past.done, state_.name, &protocol::JobAction::job);
    if (used) return std::format("last came {}, and was used up then", when(past));
    return std::format("last came {}, when it was not waited for", when(past));
  }

  static std::string did_not_match(const Condition& event, const PastEvent& past) {
    return std::format("not seen: came {} as `{}', but {} does not match", when(past),
                       shown_event(past.name, past.environment), mismatch(event, past.environment).value_or("it"));
  }

  std::string not_seen(const Condition& event) const {
    return knowledge_.possible.can_happen(event) ? "not seen yet" : nobody_emits(event);
  }

  std::string nobody_emits(const Condition& event) const {
    auto obstacle = knowledge_.possible.obstacle_of(event);
    if (obstacle.kind == "job") return std::format("can never come: there is no job {}", obstacle.name);
    return std::format(
        "nobody emits it: not init, and no loaded job says that it `emits {0}'; it comes by `initctl emit {0}' only",
        obstacle.name);
  }

  // For an event of another job's life: where that job stands.
  std::string state_of_its_job(const Condition& event) const {
    std::string job = job_named_by(event);
    auto found = std::ranges::find(knowledge_.classes, job, &ClassState::name);
    if (job.empty() || found == knowledge_.classes.end()) return {};
    if (found->jobs.empty()) return std::format("; {0} is stop/waiting (initctl explain {0})", job);
    const auto& status = found->jobs.front().status;
    return std::format("; {} is {}/{}", shown_name(job, status.instance.value_or("")), status.goal, status.state);
  }

  const ClassState& state_;
  const Knowledge& knowledge_;
};

struct Waiting {
  std::string_view state, what;
};

constexpr Waiting waiting_in[]{
    {"starting", "its event `starting' to be finished"},
    {"security", "its AppArmor profile to be loaded"},
    {"pre-start", "its pre-start process to end"},
    {"spawned", "its main process to be ready, as `expect' says"},
    {"post-start", "its post-start process to end"},
    {"pre-stop", "its pre-stop process to end"},
    {"stopping", "its event `stopping' to be finished"},
    {"killed", "its main process to end; after the kill timeout it is killed"},
    {"post-stop", "its post-stop process to end"},
};

std::string waits_for(const InstanceStatus& status) {
  auto found = std::ranges::find(waiting_in, status.state, &Waiting::state);
  return found == std::end(waiting_in) ? "" : std::string{found->what};
}

bool holds(const std::vector<ConditionNode>& nodes, std::uint64_t id) {
  return std::ranges::any_of(nodes, [id](const auto& node) { return node.held && node.held->id == id; });
}

// Who blocks this event.
std::vector<std::string> holders_of(std::uint64_t id, const Knowledge& knowledge) {
  std::vector<std::string> holders;
  for (const auto& state : knowledge.classes) {
    if (holds(state.start_on, id))
      holders.push_back(
          std::format("{}, whose `start on' waits for more (initctl explain {})", state.name, state.name));
    for (const auto& job : state.jobs) {
      if (std::ranges::contains(job.blocking, id, &EventRef::id))
        holders.push_back(std::format("{}, which is {}/{}", title(job), job.status.goal, job.status.state));
      if (holds(job.stop_on, id)) holders.push_back(std::format("{}, whose `stop on' waits for more", title(job)));
    }
  }
  return holders;
}

// A job in starting or stopping waits for its own event of that name.
std::vector<std::string> who_blocks(const InstanceStatus& status, const Knowledge& knowledge) {
  for (const auto& past : knowledge.history | newest_first) {
    if (past.outcome != "pending" || past.name != status.state || !is_of(past, status)) continue;
    auto holders = holders_of(past.id, knowledge);
    if (holders.empty())
      for (const auto& handler : past.handlers) holders.push_back("the event handler " + handler);
    return holders;
  }
  return {};
}

std::string blocked_event(const EventRef& event, const Knowledge& knowledge) {
  auto text = std::format("event #{} {}", event.id, shown_event(event.name, event.environment));
  const auto* past = find_event(knowledge.history, event.id);
  if (!past) return text;
  if (is_life_event(event.name))
    return text + std::format(": {} waits", shown_name(value_of(*past, "JOB"), value_of(*past, "INSTANCE")));
  return text + std::format(": emitted {} by pid {}", shown_time(past->time), past->pid);
}

std::string cause_of(const JobState& job) {
  Environment environment{job.environment};
  auto events = environment.get("UPSTART_EVENTS");
  if (!events) return "by a command";
  return std::format("by the {} {}", events->contains(' ') ? "events" : "event", *events);
}

InstanceFinding look_at(const JobState& job, const Inquiry& inquiry, const Knowledge& knowledge) {
  InstanceFinding finding{.status = job.status,
                          .cause = cause_of(job),
                          .last_change = {},
                          .waits_for = waits_for(job.status),
                          .blocked_by = who_blocks(job.status, knowledge),
                          .blocks = {},
                          .says = job.status_text,
                          .passed_over = job.passed_over,
                          .stop_on = inquiry.look_at(job.stop_on)};
  for (const auto& past : knowledge.history)
    if (is_of(past, job.status)) finding.last_change = past;
  for (const auto& event : job.blocking) finding.blocks.push_back(blocked_event(event, knowledge));
  if (job.waiting_callers > 0)
    finding.blocks.push_back(
        std::format("{} waiting command{}", job.waiting_callers, job.waiting_callers == 1 ? "" : "s"));
  return finding;
}

std::string how_it_ended(int wait_status) {
  if (!WIFSIGNALED(wait_status)) return std::format("ended with status {}", WEXITSTATUS(wait_status));
  const char* name = ::sigabbrev_np(WTERMSIG(wait_status));
  return std::format("was killed by {}", name ? std::string{name} : std::to_string(WTERMSIG(wait_status)));
}

std::string at_respawn_limit(const ClassState& state) {
  std::string text = "its main process ended too often: the respawn limit was reached";
  return state.respawn_limit_end ? text + "; the last time it " + how_it_ended(*state.respawn_limit_end) : text;
}

std::string failure_text(const PastEvent& event, const ClassState& state) {
  std::string process = value_of(event, "PROCESS"), status = value_of(event, "EXIT_STATUS"),
              signal = value_of(event, "EXIT_SIGNAL");
  if (process == "respawn") return at_respawn_limit(state);
  if (!status.empty()) return std::format("its {} process ended with status {}", process, status);
  if (!signal.empty()) return std::format("its {} process was killed by {}", process, signal);
  std::string prefix = process + " process: ";
  if (state.spawn_failure.starts_with(prefix))
    return std::format("its {} process could not be started: {}", process, state.spawn_failure.substr(prefix.size()));
  return std::format("its {} process could not be started; init's log says why", process);
}

std::optional<FailureFinding> last_failure(const ClassState& state, const std::vector<PastEvent>& history) {
  for (const auto& past : history | newest_first)
    if (is_of_job(past, state.name) && value_of(past, "RESULT") == "failed")
      return FailureFinding{past, failure_text(past, state)};
  return std::nullopt;
}

const PastEvent* last_stop(const std::string& job, const std::vector<PastEvent>& history) {
  for (const auto& past : history | newest_first)
    if (is_of_job(past, job) && past.name == "stopped") return &past;
  return nullptr;
}

std::string start_command(const ClassState& state) {
  std::string command = "start " + state.name;
  for (const auto& variable : state.instance_needs) command += std::format(" {}=...", variable);
  return command;
}

std::string why_stopped(const Explanation& explanation, const ClassState& state, const Knowledge& knowledge) {
  const auto* stop = last_stop(explanation.job, knowledge.history);
  if (stop && value_of(*stop, "RESULT") == "failed") return std::format("it failed, {}", when(*stop));
  const auto& events = explanation.start_on.events;
  if (events.empty())
    return std::format("it has no `start on' (or `manual' drops it), so it starts by command only: `{}'",
                       start_command(state));
  auto seen = std::ranges::count_if(events, &EventFinding::seen);
  if (seen == 0 && !explanation.start_on.can_come_true) return "its `start on' names what never comes by itself";
  if (seen > 0)
    return std::format("of the {} events that its `start on' names, {} {} been seen", events.size(), seen,
                       seen == 1 ? "has" : "have");
  return stop ? std::format("it ran, stopped {}, and its `start on' has not come true since", when(*stop))
              : "its `start on' has not come true";
}

std::string verdict_on(const Explanation& explanation, const ClassState& state, const Knowledge& knowledge) {
  if (explanation.instances.empty())
    return std::format("{} is stopped: {}.", explanation.job, why_stopped(explanation, state, knowledge));
  if (explanation.instances.size() > 1)
    return std::format("{} has {} instances.", explanation.job, explanation.instances.size());
  const auto& status = explanation.instances.front().status;
  auto name = shown_name(status.job, status.instance.value_or(""));
  if (status.goal == "start" && status.state == "running") return name + " is running.";
  return std::format("{} is on its way to {}: {}/{}.", name, status.goal == "stop" ? "a stop" : "running", status.goal,
                     status.state);
}

} // namespace

std::optional<std::string> mismatch(const Condition& condition, const std::vector<std::string>& environment) {
  Environment variables{environment};
  for (std::size_t i = 0; i < condition.arguments.size(); ++i) {
    const std::string& argument = condition.arguments[i];
    auto equals = argument.find('=');
    bool named = equals != std::string::npos;
    bool negated = named && equals > 0 && argument[equals - 1] == '!';
    std::string pattern = named ? argument.substr(equals + 1) : argument;
    if (pattern.contains('$')) continue;
    std::optional<std::string_view> value;
    if (named) value = variables.get(argument.substr(0, negated ? equals - 1 : equals));
    else if (i < environment.size()) value = protocol::value_of(environment[i]);
    if (!value || (::fnmatch(pattern.c_str(), std::string{*value}.c_str(), 0) == 0) == negated) return argument;
  }
  return std::nullopt;
}

std::string no_such_job(const std::string& job, const std::vector<JobFileOf>& jobs,
                        const std::function<bool(const std::string& path)>& exists) {
  auto text = std::format("Unknown job: {}", job);
  for (const auto& [other, file] : jobs) {
    auto ending = other + ".conf";
    if (!file.ends_with("/" + ending)) continue;
    auto missing = file.substr(0, file.size() - ending.size()) + job + ".conf";
    if (exists(missing))
      return std::format("{0}. There is a file {1}, but it gives no job: `init-checkconf {1}' says why.", text,
                         missing);
  }
  std::vector<std::string_view> names;
  for (const auto& other : jobs) names.emplace_back(other.job);
  auto like = supervisor::near_miss(job, names);
  text += like.empty() ? "." : ": " + like;
  return text + " A file that cannot be read as a job gives none; `init-checkconf' says what is wrong with it.";
}

Explanation explain(const ClassState& state, const Knowledge& knowledge) {
  Inquiry inquiry{state, knowledge};
  Explanation explanation{.job = state.name,
                          .file = state.file,
                          .verdict = {},
                          .start_on = inquiry.look_at(state.start_on),
                          .instances = {},
                          .last_failure = last_failure(state, knowledge.history),
                          .replaced_by_newer = state.replaced_by_newer,
                          .log = {},
                          .file_gone = state.file_gone};
  for (const auto& job : state.jobs) explanation.instances.push_back(look_at(job, inquiry, knowledge));
  explanation.verdict = verdict_on(explanation, state, knowledge);
  return explanation;
}

} // namespace upstart::client
