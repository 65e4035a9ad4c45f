// monitor: events and changes of jobs, as the daemon signals them.
#include "clients/base/plain/visible-text.hpp"
#include "clients/base/terminal/terminal.hpp"
#include "clients/initctl/history/broker.hpp"

#include "clients/initctl/advice.hpp"
#include "clients/initctl/command/command.hpp"
#include "protocol/names.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <format>

namespace upstart::client {

namespace {

using sdbus::Message;
using sdbus::ObjectPath;

// What a signal says: as text after the time, and as JSON beside it. `job` is whom it is about; empty: an event, or
// all.
struct Report {
  std::string text;
  Json document;
  std::string job = {};
  // The same for people, who want one line for what becomes of a job; empty: that is not worth a line.
  std::string brief = {};
  Colour colour = Colour::none;
};

std::string job_of(const ObjectPath& path) {
  auto address = protocol::address_of_path(path);
  return address ? address->job : std::string{path};
}

std::string instance_of(const ObjectPath& path) {
  auto address = protocol::address_of_path(path);
  return address ? address->instance.value_or("") : "";
}

std::string title_of(const ObjectPath& path) { return shown_name(job_of(path), instance_of(path)); }

Report about_job(const char* what, const char* verb, Message& signal) {
  ObjectPath path;
  signal >> path;
  return {std::format("{} {}", job_of(path), verb), {{"kind", what}, {"job", job_of(path)}}, job_of(path)};
}

Report worth_a_line(Report report) {
  report.brief = report.text;
  return report;
}

Report about_instance(const char* what, const char* verb, Message& signal) {
  ObjectPath path;
  signal >> path;
  return {std::format("{} {}", title_of(path), verb),
          {{"kind", what}, {"job", job_of(path)}, {"instance", instance_of(path)}},
          job_of(path)};
}

Report about_change(const char* what, Message& signal) {
  std::string value;
  signal >> value;
  ObjectPath path{signal.getPath()};
  return {std::format("{} {} {}", title_of(path), what, value),
          {{"kind", what}, {"job", job_of(path)}, {"instance", instance_of(path)}, {what, value}},
          job_of(path)};
}

// Of the states only those in which a job stays are worth a line.
Report about_state(Message& signal) {
  auto report = about_change("state", signal);
  auto title = title_of(ObjectPath{signal.getPath()});
  if (report.document["state"] == "running") {
    report.brief = title + " is running";
    report.colour = Colour::green;
  } else if (report.document["state"] == "waiting") {
    report.brief = title + " has stopped";
  }
  return report;
}

// As the signal Failed has it: 0 is no exit status.
std::string failure_text(std::int32_t status) {
  if (status == 0) return "it respawned too fast and was stopped";
  if (status < 0) return "its process could not be started";
  return status > 0xff ? std::format("killed by signal {}", status >> 8) : std::format("exit status {}", status);
}

Report about_failure(Message& signal) {
  std::int32_t status = 0;
  signal >> status;
  ObjectPath path{signal.getPath()};
  auto text = std::format("{} failed, {}", title_of(path), failure_text(status));
  return {text,
          {{"kind", "failed"}, {"job", job_of(path)}, {"instance", instance_of(path)}, {"status", status}},
          job_of(path),
          text,
          Colour::red};
}

Report about_event(Message& signal) {
  std::string name;
  std::vector<std::string> environment;
  signal >> name >> environment;
  auto text = "event " + shown_event(name, environment);
  return {.text = text,
          .document = {{"kind", "event"}, {"name", name}, {"env", environment}},
          .brief = is_life_event(name) ? "" : text,
          .colour = Colour::grey};
}

struct SignalEntry {
  std::string_view member;
  Report (*read)(Message&);
};

constexpr SignalEntry signals[]{
    {"EventEmitted", about_event},
    {"GoalChanged", [](Message& signal) { return about_change("goal", signal); }},
    {"StateChanged", about_state},
    {"Failed", about_failure},
    {"InstanceAdded", [](Message& signal) { return about_instance("instance-added", "was added", signal); }},
    {"InstanceRemoved", [](Message& signal) { return about_instance("instance-removed", "was removed", signal); }},
    {"JobAdded", [](Message& signal) { return worth_a_line(about_job("job-added", "was loaded", signal)); }},
    {"JobRemoved", [](Message& signal) { return worth_a_line(about_job("job-removed", "was unloaded", signal)); }},
    {"Restarted", [](Message&) { return worth_a_line({"init was restarted", {{"kind", "restarted"}}}); }},
};

// In place of what was signalled while there was no connection.
Report about_gap() {
  return worth_a_line({"the connection to Upstart was lost, and made again; changes in between are not shown",
                       {{"kind", "reconnected"}}});
}

// A person looks on, who has not asked for everything.
bool is_brief(const Call& call) { return terminal_width(call.context) && !call.has("--verbose"); }

void show(Call& call, Report report) {
  auto now = std::chrono::system_clock::now();
  if (call.wants_json()) {
    Json document{{"time", microseconds_of(now)}};
    document.update(report.document);
    call.print_raw(to_line(document));
  } else if (is_brief(call)) {
    if (report.brief.empty()) return;
    auto brief = visible(report.brief);
    auto text = wants_colours(call.context) ? in_colour(brief, report.colour) : brief;
    call.print_raw(std::format("{} {}\n", shown_time(now, now), text));
  } else {
    call.print_raw(std::format("{} {}\n", shown_time(now, now), visible(report.text)));
  }
  call.context.out.flush();
}

bool is_wanted(const Call& call, const Report& report) {
  return call.arguments.empty() || std::ranges::contains(call.arguments, report.job);
}

void hear(Call& call, Message signal) {
  auto entry = std::ranges::find(signals, std::string_view{signal.getMemberName()}, &SignalEntry::member);
  if (entry == std::end(signals)) return;
  auto report = entry->read(signal);
  if (is_wanted(call, report)) show(call, std::move(report));
}

bool is_loaded(Upstart& upstart, const std::string& job) {
  try {
    (void)upstart.manager().GetJobByName(job);
    return true;
  } catch (const sdbus::Error& error) {
    if (error.getName() == protocol::error_name::unknown_job) return false;
    throw;
  }
}

// Until the output is closed; throws when the connection is lost.
void show_changes(Call& call) {
  auto& connection = call.upstart->connection();
  auto slot = connection.sdbus().addMatch(
      match_rule(connection.target()), [&](Message signal) { hear(call, std::move(signal)); }, sdbus::return_slot);
  call.upstart->manager().version(); // a daemon that is not there is an error now, not silence
  if (call.upstart->times_back() > 0) show(call, about_gap());
  else
    for (const auto& job : call.arguments)
      if (!is_loaded(*call.upstart, job)) {
        auto advice = advice_on_missing(job, *call.upstart);
        call.context.err << std::format("initctl: there is no job {}{}{}; waiting for it to be loaded\n", job,
                                        advice.empty() ? "" : ": ", advice);
      }
  while (call.context.out.good()) connection.handle_message();
}

Outcome monitor(Call& call) {
  while (true) {
    try {
      show_changes(call);
      return 0;
    } catch (const sdbus::Error& error) {
      if (!call.upstart->may_repeat(error)) throw;
    }
    if (!call.upstart->come_back())
      return std::unexpected{Failure{"init has ended, or closed the connection: no more changes can be shown"}};
  }
}

} // namespace

std::vector<Command> monitor_commands() {
  return {{.name = "monitor",
           .group = insight_group,
           .summary = "Show events and changes of jobs as they happen.",
           .synopsis = "[JOB]...",
           .about =
               "Goes on until it is interrupted or init ends; when a daemon dies and is started again, a line says "
               "so. On a terminal there is one line for what becomes of a job, with -v and elsewhere one for each "
               "change. With JOBs only their changes are shown, no events. With --json each line is a document of its "
               "own.",
           .missing = "",
           .completion = "jobs...",
           .options = {},
           .run = monitor}};
}

} // namespace upstart::client
