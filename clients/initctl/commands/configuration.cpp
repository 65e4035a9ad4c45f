// Commands about what the job files say: show-config, check-config, usage.
#include "clients/base/upstart.hpp"

#include "clients/base/supervisor.hpp"
#include "clients/initctl/advice.hpp"
#include "clients/initctl/command/command.hpp"
#include "clients/initctl/conditions/conditions.hpp"
#include "clients/initctl/conditions/possible-events.hpp"
#include "protocol/job-state.hpp"
#include "protocol/names.hpp"
#include "protocol/text.hpp"

#include <nlohmann/json.hpp>

#include <format>
#include <ranges>

namespace upstart::client {

namespace {

// The classes that a command is about: the one that it names, or all.
std::vector<ClassDetails> chosen_classes(Call& call) {
  if (call.arguments.empty()) return call.upstart->all_details();
  return {call.upstart->details_of(call.arguments[0])};
}

std::string condition_lines(std::string_view stanza, const Postfix& postfix, bool enumerate) {
  auto condition = tree_of(postfix);
  if (!condition) return {};
  if (!enumerate) return std::format("  {} {}\n", stanza, written(*condition));
  std::string text;
  for (const auto* event : events_of(*condition)) text += std::format("  {} {}\n", stanza, enumerated(*event));
  return text;
}

std::string to_text(const ClassDetails& details, bool enumerate) {
  std::string text = details.name + "\n";
  for (const auto& event : details.emits) text += std::format("  emits {}\n", event);
  return text + condition_lines("start on", details.start_on, enumerate) +
         condition_lines("stop on", details.stop_on, enumerate);
}

Json condition_json(const Postfix& postfix) {
  auto condition = tree_of(postfix);
  return condition ? to_json(*condition) : Json{};
}

Json to_json(const ClassDetails& details) {
  return {{"job", details.name},
          {"description", details.description},
          {"author", details.author},
          {"version", details.version},
          {"usage", details.usage},
          {"emits", details.emits},
          {"start_on", condition_json(details.start_on)},
          {"stop_on", condition_json(details.stop_on)}};
}

// The classes as job files; with several, each under a comment that names it.
Outcome show_sources(Call& call, const std::vector<ClassDetails>& classes) {
  Supervisor supervisor{call.upstart->connection()};
  Json document = Json::array();
  for (const auto& details : classes) {
    auto source = supervisor.PrintClass(details.name);
    if (call.wants_json()) document.push_back({{"job", details.name}, {"source", source}});
    else call.print(call.arguments.empty() ? std::format("# {}\n{}\n", details.name, source) : source);
  }
  if (call.wants_json()) call.print_json(document);
  return 0;
}

Outcome show_config(Call& call) {
  auto classes = chosen_classes(call);
  if (call.has("--source")) return show_sources(call, classes);
  if (call.wants_json()) {
    Json document = Json::array();
    for (const auto& details : classes) document.push_back(to_json(details));
    call.print_json(document);
    return 0;
  }
  for (const auto& details : classes) call.print(to_text(details, call.has("--enumerate")));
  return 0;
}

struct Fault {
  std::string job, stanza, kind, what; // kind: "event" or "job"
};

// What one class waits for in vain.
std::vector<Fault> faults_of(const ClassDetails& details, const PossibleEvents& possible, bool warn) {
  std::vector<Fault> faults;
  auto look_at = [&](const char* stanza, const Postfix& postfix) {
    auto condition = tree_of(postfix);
    if (!condition) return;
    for (const auto* event :
         unreachable_events(*condition, warn, [&](const Condition& e) { return possible.can_happen(e); })) {
      auto obstacle = possible.obstacle_of(*event);
      faults.push_back({details.name, stanza, obstacle.kind, obstacle.name});
    }
  };
  look_at("start on", details.start_on);
  look_at("stop on", details.stop_on);
  return faults;
}

std::string to_text(const std::vector<Fault>& faults) {
  std::string text;
  for (const auto& fault : faults) text += std::format("  {}: unknown {} {}\n", fault.stanza, fault.kind, fault.what);
  return text;
}

Json to_json(const Fault& fault) {
  return {{"job", fault.job}, {"stanza", fault.stanza}, {"unknown", fault.kind}, {"name", fault.what}};
}

std::vector<std::string> ignored_events(const Call& call) {
  std::vector<std::string> events;
  std::string list = call.options.value("--ignore-events").value_or("");
  for (auto part : list | std::views::split(',')) events.emplace_back(std::string_view{part});
  return events;
}

PossibleEvents possible_events(const std::vector<ClassDetails>& classes, std::vector<std::string> emitted) {
  std::vector<std::string> jobs;
  for (const auto& details : classes) {
    jobs.push_back(details.name);
    emitted.insert(emitted.end(), details.emits.begin(), details.emits.end());
  }
  return {jobs, emitted};
}

Outcome check_config(Call& call) {
  auto all = call.upstart->all_details();
  auto is_chosen = [&](const ClassDetails& details) {
    return call.arguments.empty() || details.name == call.arguments[0];
  };
  if (std::ranges::none_of(all, is_chosen) && !call.arguments.empty())
    return std::unexpected{
        Failure{"Invalid job class: " + call.arguments[0], false, advice_on_missing(call.arguments[0], *call.upstart)}};
  auto possible = possible_events(all, ignored_events(call));
  Json document = Json::array();
  bool faulty = false;
  for (const auto& details : all | std::views::filter(is_chosen)) {
    auto faults = faults_of(details, possible, call.has("--warn"));
    for (const auto& fault : faults) document.push_back(to_json(fault));
    if (!faults.empty() && !call.wants_json()) call.print(details.name + "\n" + to_text(faults));
    faulty |= !faults.empty();
  }
  if (call.wants_json()) call.print_json(document);
  return faulty ? 1 : 0;
}

// Which variables an instance of the job takes its name from, as far as whoever starts it must give them.
Outcome instance_variables(Call& call) {
  auto told = Supervisor{call.upstart->connection()}.DescribeJob(protocol::escaped(call.arguments[0]));
  auto state = protocol::job_state_from_json(told);
  if (!state) return std::unexpected{Failure{"init tells the state of a job in a form that cannot be read"}};
  if (call.wants_json()) return call.print_json(Json{{"job", state->name}, {"variables", state->instance_needs}}), 0;
  for (const auto& variable : state->instance_needs) call.print(variable + "\n");
  return 0;
}

// Of a job that does not say it: how it is started.
std::string usual_usage(const Call& call) {
  auto text = "start " + call.arguments[0];
  try {
    auto told = Supervisor{call.upstart->connection()}.DescribeJob(protocol::escaped(call.arguments[0]));
    if (auto state = protocol::job_state_from_json(told))
      for (const auto& variable : state->instance_needs) text += std::format(" {}=...", variable);
  } catch (const sdbus::Error& error) {
    if (is_lost(error)) throw; // else an older init
  }
  return text;
}

Outcome usage(Call& call) {
  if (call.has("--variables")) return instance_variables(call);
  std::string text = call.upstart->job_class(call.arguments[0]).usage();
  if (call.wants_json()) call.print_json(Json{{"job", call.arguments[0]}, {"usage", text}});
  else call.print(std::format("Usage: {}\n", text.empty() ? usual_usage(call) : text));
  return 0;
}

} // namespace

std::vector<Command> configuration_commands() {
  return {
      {.name = "show-config",
       .group = other_group,
       .summary = "Show emits, start on and stop on of jobs.",
       .synopsis = "[JOB]",
       .about = "Without JOB all jobs are shown. The conditions are shown with all their parentheses.",
       .missing = "",
       .completion = "jobs",
       .options = {{"-e,--enumerate", "", "list the events of each condition, with job and variables apart"},
                   {"--source", "", "print the class in force, overrides included, as a job file"}},
       .run = show_config},
      {.name = "check-config",
       .group = other_group,
       .summary = "Look for conditions that can never come true.",
       .synopsis = "[JOB]",
       .about = "An event is known if init emits it by itself or a job says that it `emits' it. One side of an `or' "
                "may be unknown as "
                "long as the other is not. The exit status is 1 if anything was found.",
       .missing = "",
       .completion = "jobs",
       .options = {{"-i,--ignore-events", "EVENT[,EVENT]...", "take these events as known", "events,..."},
                   {"-w,--warn", "", "report every unknown job and event"}},
       .run = check_config},
      {.name = "usage",
       .group = other_group,
       .summary = "Show how a job wants to be called.",
       .synopsis = "JOB",
       .about = "Shows the usage stanza of the job; of a job without one, how it is started.",
       .missing = "job name",
       .completion = "jobs",
       .options = {{"--variables", "", "print the variables that name an instance, which start wants, instead"}},
       .run = usage},
  };
}

} // namespace upstart::client
