#include "clients/initctl/explain/explain.hpp"

#include "clients/initctl/explain/condition-inquiry.hpp"
#include "protocol/environment.hpp"

#include <sys/wait.h>

#include <algorithm>
#include <cstring>
#include <format>
#include <ranges>

namespace upstart::client {

using protocol::InstanceState;
using protocol::JobState;

namespace {

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

// No stop limits a pre-stop process; how it ends changes nothing.
std::string way_out(const protocol::InstanceState& instance) {
  auto process = std::ranges::find(instance.processes, "pre-stop", &protocol::ProcessState::name);
  if (instance.state != "pre-stop" || instance.goal != "stop" || process == instance.processes.end()) return "";
  return std::format(", which has no time limit; `kill {}' ends it, and the stop goes on", process->pid);
}

// Between the end of its event `starting' and the next state there is time only where a respawn without a limit pauses.
bool is_pausing(const JobState& job, const InstanceState& instance, const Knowledge& knowledge) {
  auto is_of_this = [&](const protocol::JobRecordState& record) { return record.instance == instance.name; };
  if (instance.state != "starting" || instance.goal != "start") return false;
  auto records = job.records | newest_first;
  auto last = std::ranges::find_if(records, is_of_this);
  if (last == records.end() || last->kind != "respawned") return false;
  for (const auto& past : knowledge.history | newest_first)
    if (past.name == "starting" && is_of_instance(past, job.name, instance.name)) return past.outcome != "pending";
  return false;
}

std::string waits_for(const JobState& job, const InstanceState& instance, const Knowledge& knowledge) {
  if (is_pausing(job, instance, knowledge))
    return "the end of a pause, which init makes before it respawns a job that ends again and again";
  auto found = std::ranges::find(waiting_in, instance.state, &Waiting::state);
  if (found == std::end(waiting_in)) return "";
  return std::string{found->what} + way_out(instance);
}

std::string in_words(const EventHolder& holder) {
  auto name = shown_name(holder.job, holder.instance);
  if (holder.how == "start on")
    return std::format("{}, whose `start on' waits for more (initctl explain {})", name, holder.job);
  if (holder.how == "stop on") return std::format("{}, whose `stop on' waits for more", name);
  return std::format("{}, which is {}", name, holder.how);
}

// Who keeps the event from being finished that this instance waits for: jobs, else the handlers that were given it.
std::vector<std::string> who_blocks(const JobState& job, const InstanceState& instance, const Knowledge& knowledge) {
  const auto* event = own_pending_event(job.name, instance, knowledge.history);
  if (!event) return {};
  std::vector<std::string> texts;
  if (auto holders = knowledge.holders.find(event->id); holders != knowledge.holders.end())
    for (const auto& holder : holders->second) texts.push_back(in_words(holder));
  if (texts.empty())
    for (const auto& handler : event->handlers) texts.push_back("the event handler " + handler);
  return texts;
}

std::string blocked_event(const protocol::EventReference& event, const Knowledge& knowledge) {
  auto text = std::format("event #{} {}", event.id, shown_event(event.name, event.environment));
  const auto* past = find_event(knowledge.history, event.id);
  if (!past) return text;
  if (is_life_event(event.name))
    return text + std::format(": {} waits", shown_name(value_of(*past, "JOB"), value_of(*past, "INSTANCE")));
  return text + std::format(": emitted {} by pid {}", shown_time(past->time), past->pid);
}

// The record tells the event whole, where there still is one; the job's environment has its name.
std::string cause_of(const JobState& job, const InstanceState& instance) {
  constexpr std::string_view began{"started "};
  for (const auto& record : job.records | newest_first)
    if (record.kind == "started" && record.instance == instance.name && record.text.starts_with(began))
      return record.text.substr(began.size());
  protocol::Environment environment{instance.environment};
  auto events = environment.get("UPSTART_EVENTS");
  if (!events) return "by a command";
  return std::format("by the {} {}", events->contains(' ') ? "events" : "event", *events);
}

InstanceStatus status_of(const JobState& job, const InstanceState& instance) {
  InstanceStatus status{
      .job = job.name, .instance = instance.name, .goal = instance.goal, .state = instance.state, .processes = {}};
  for (const auto& [name, pid] : instance.processes) status.processes.push_back({name, pid});
  return status;
}

InstanceFinding look_at(const InstanceState& instance, const JobState& job, const Knowledge& knowledge) {
  InstanceFinding finding{.status = status_of(job, instance),
                          .cause = cause_of(job, instance),
                          .last_change = {},
                          .waits_for = waits_for(job, instance, knowledge),
                          .blocked_by = who_blocks(job, instance, knowledge),
                          .blocks = {},
                          .says = instance.status_text,
                          .ignored_failures = instance.ignored_failures,
                          .stop_on = look_at(instance.stop_on, job, knowledge)};
  for (const auto& past : knowledge.history)
    if (is_of_instance(past, job.name, instance.name)) finding.last_change = past;
  for (const auto& event : instance.blocking) finding.blocks.push_back(blocked_event(event, knowledge));
  if (instance.waiting_callers > 0)
    finding.blocks.push_back(
        std::format("{} waiting command{}", instance.waiting_callers, instance.waiting_callers == 1 ? "" : "s"));
  return finding;
}

std::string how_it_ended(int wait_status) {
  if (!WIFSIGNALED(wait_status)) return std::format("ended with status {}", WEXITSTATUS(wait_status));
  const char* name = ::sigabbrev_np(WTERMSIG(wait_status));
  return std::format("was killed by {}", name ? std::string{name} : std::to_string(WTERMSIG(wait_status)));
}

std::string at_respawn_limit(const JobState& state) {
  std::string text = "its main process ended too often: the respawn limit was reached";
  return state.respawn_limit_end ? text + "; the last time it " + how_it_ended(*state.respawn_limit_end) : text;
}

std::string failure_text(const PastEvent& event, const JobState& state) {
  std::string process = value_of(event, "PROCESS"), status = value_of(event, "EXIT_STATUS"),
              signal = value_of(event, "EXIT_SIGNAL");
  if (process == "respawn") return at_respawn_limit(state);
  if (!status.empty()) return std::format("its {} process ended with status {}", process, status);
  if (!signal.empty()) return std::format("its {} process was killed by {}", process, signal);
  std::string prefix = process + " process: ";
  if (state.spawn_failure && state.spawn_failure->starts_with(prefix))
    return std::format("its {} process could not be started: {}", process, state.spawn_failure->substr(prefix.size()));
  return std::format("its {} process could not be started; init's log says why", process);
}

std::optional<FailureFinding> last_failure(const JobState& state, const std::vector<PastEvent>& history) {
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

std::string start_command(const JobState& state) {
  std::string command = "start " + state.name;
  for (const auto& variable : state.instance_needs) command += std::format(" {}=...", variable);
  return command;
}

// Its failures were forgotten, after the last one.
bool was_reset(const JobState& state) {
  return state.failures.empty() && !state.records.empty() && state.records.back().kind == "reset";
}

std::string why_stopped(const Explanation& explanation, const JobState& state, const Knowledge& knowledge) {
  const auto* stop = last_stop(explanation.job, knowledge.history);
  if (stop && value_of(*stop, "RESULT") == "failed")
    return std::format("it failed, {}{}", when(*stop), was_reset(state) ? ", which was forgotten by a command" : "");
  const auto& events = explanation.start_on.events;
  if (events.empty() && !state.manual_at.empty())
    return std::format("`manual' ({}) drops its `start on', so it starts by command only: `{}'", state.manual_at,
                       start_command(state));
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

std::string verdict_on(const Explanation& explanation, const JobState& state, const Knowledge& knowledge) {
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

Explanation explain(const JobState& state, const Knowledge& knowledge) {
  Explanation explanation{.job = state.name,
                          .file = state.file,
                          .verdict = {},
                          .start_on = look_at(state.start_on, state, knowledge),
                          .instances = {},
                          .last_failure = last_failure(state, knowledge.history),
                          .replaced_by_newer = state.replaced_by_newer,
                          .log = {},
                          .file_gone = state.file_gone,
                          .file_broken = state.file_broken,
                          .warnings = state.warnings,
                          .records = state.records,
                          .override_file = state.override_file,
                          .manual_at = state.manual_at,
                          .file_faults = state.file_faults};
  for (const auto& instance : state.instances) explanation.instances.push_back(look_at(instance, state, knowledge));
  explanation.verdict = verdict_on(explanation, state, knowledge);
  return explanation;
}

} // namespace upstart::client
