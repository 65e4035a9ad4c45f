#include "clients/initctl/advice.hpp"

#include "clients/base/plain/visible-text.hpp"
#include "clients/base/status.hpp"
#include "clients/base/supervisor.hpp"
#include "clients/initctl/history/broker.hpp"
#include "protocol/environment.hpp"
#include "protocol/job-state.hpp"
#include "protocol/names.hpp"
#include "protocol/text.hpp"

#include <algorithm>
#include <format>
#include <ranges>
#include <set>

namespace upstart::client {

namespace {

constexpr const char* no_pairs = "Env must be KEY=VALUE pairs";

auto find_keyless(const std::vector<std::string>& words) {
  return std::ranges::find_if(words, [](const std::string& each) { return each.find('=') + 1 <= 1; });
}

// An argument that is no KEY=VALUE is most often the value of a variable that names the instance.
std::string about_arguments(const Call& call, Supervisor& supervisor) {
  auto state = protocol::job_state_from_json(supervisor.DescribeJob(protocol::escaped(call.arguments[0])));
  auto arguments = call.arguments_from(1);
  auto keyless = find_keyless(arguments);
  if (!state || keyless == arguments.end()) return {};
  if (state->instance_needs.empty()) {
    auto meant = supervisor.AboutUnknownJob(protocol::escaped(*keyless));
    return std::format("there is no job {} either{}{}", *keyless, meant.empty() ? "" : ": ", meant);
  }
  return std::format("`{}' has no key; {} wants {}=..., such as {}={}", *keyless, state->name,
                     state->instance_needs.front(), state->instance_needs.front(), *keyless);
}

// A variable that names the instance was not given; one that means nothing to the job may be it, misspelt.
std::string about_variables(const Call& call, Supervisor& supervisor) {
  auto state = protocol::job_state_from_json(supervisor.DescribeJob(protocol::escaped(call.arguments[0])));
  if (!state || state->instance_needs.empty()) return {};
  std::string wanted;
  for (const auto& need : state->instance_needs) wanted += (wanted.empty() ? "" : " ") + need + "=...";
  auto given = call.arguments_from(1);
  auto other = std::ranges::find_if(given, [&](const std::string& each) {
    return !std::ranges::contains(state->instance_needs, each.substr(0, each.find('=')));
  });
  if (state->instance_needs.size() > 1 || other == given.end()) return std::format("{} wants {}", state->name, wanted);
  return std::format("{} wants {}: did you mean `{}{}`?", state->name, wanted, state->instance_needs.front(),
                     other->substr(std::min(other->find('='), other->size())));
}

std::string instances_of(const protocol::JobState& job) {
  constexpr std::size_t most = 8;
  std::string names;
  for (const auto& instance : job.instances | std::views::take(most))
    names += std::format("{}`{}'", names.empty() ? "" : ", ", visible(instance.name));
  if (job.instances.size() > most) names += std::format(" and {} more", job.instances.size() - most);
  return names;
}

// The instance is not there: which are, or how there comes to be one.
std::string about_unknown_instance(const std::string& job, Supervisor& supervisor) {
  auto state = protocol::job_state_from_json(supervisor.DescribeJob(protocol::escaped(job)));
  if (!state) return {};
  std::string variables;
  for (const auto& need : state->instance_needs) variables += " " + need + "=...";
  if (state->instances.empty())
    return std::format("{0} is not running; `initctl start {0}{1}' starts it", job, variables);
  if (state->instances.size() == 1) return std::format("the only instance of {} is {}", job, instances_of(*state));
  return std::format("the instances of {} are {}", job, instances_of(*state));
}

// How a job failed, if that was after the event.
std::string failure_after(const PastEvent& event, const protocol::JobState& job) {
  for (const auto& failure : job.failures)
    if (failure.time >= microseconds_of(event.time))
      return std::format("{}: {}", shown_name(job.name, visible(failure.instance)), failure.text);
  return {};
}

// A job that failed of those that the event started or stopped; empty: none is known.
std::string job_failed_by_event(const Call& call, Upstart& upstart) try {
  constexpr std::uint32_t events_looked_at = 50;
  auto history = read_history(call.context, upstart, events_looked_at);
  if (!history) return {};
  auto newest = *history | std::views::reverse;
  auto event = std::ranges::find_if(newest, [&](const PastEvent& each) {
    return each.name == call.arguments[0] && each.environment == call.arguments_from(1) && each.outcome == "failed";
  });
  if (event == newest.end()) return {};
  Supervisor supervisor{upstart.connection()};
  std::set<std::string> jobs;
  for (const auto& action : event->done) jobs.insert(action.job);
  for (const auto& job : jobs)
    if (auto state = protocol::job_state_from_json(supervisor.DescribeJob(protocol::escaped(job))))
      if (auto failure = failure_after(*event, *state); !failure.empty())
        return std::format("{}; `initctl explain {}' says more", failure, job);
  return {};
} catch (const sdbus::Error&) { return {}; } // an older init, or nothing that we may know

std::string about_failed_event(const Call& call, Upstart& upstart) {
  auto job = job_failed_by_event(call, upstart);
  return job.empty() ? "`initctl history' shows which jobs it started and stopped" : job;
}

} // namespace

std::string advice_on_missing(const std::string& job, Upstart& upstart) try {
  return Supervisor{upstart.connection()}.AboutUnknownJob(protocol::escaped(job));
} catch (const sdbus::Error&) { return {}; } // an older init, or nothing that we may know

std::string advice_on_job(const sdbus::Error& error, const std::string& job, Upstart& upstart) try {
  const auto& name = error.getName();
  if (name == protocol::error_name::unknown_job) return advice_on_missing(job, upstart);
  if (name == protocol::error_name::job_failed) return std::format("`initctl explain {}' says why", job);
  Supervisor supervisor{upstart.connection()};
  return name == protocol::error_name::unknown_instance ? about_unknown_instance(job, supervisor) : "";
} catch (const sdbus::Error&) { return {}; } // an older init, or nothing that we may know

std::string advice_on_keyless(const std::vector<std::string>& variables) {
  auto keyless = find_keyless(variables);
  if (keyless == variables.end()) return {};
  if (keyless->starts_with('=')) return std::format("`{}' has no key: write KEY{}", *keyless, *keyless);
  return std::format("`{}' has no key: a variable of the event is written KEY=VALUE, such as NAME={}", *keyless,
                     *keyless);
}

std::string advice_on_event(const sdbus::Error& error, const Call& call, Upstart& upstart) {
  if (error.getName() == protocol::error_name::event_failed) return about_failed_event(call, upstart);
  bool is_keyless = error.getName() == protocol::error_name::invalid_args && error.getMessage() == no_pairs;
  return is_keyless ? advice_on_keyless(call.arguments_from(1)) : "";
}

std::string advice_on(const sdbus::Error& error, const Call& call, Upstart& upstart) try {
  if (call.arguments.empty()) return {};
  if (auto advice = advice_on_job(error, call.arguments[0], upstart); !advice.empty()) return advice;
  Supervisor supervisor{upstart.connection()};
  if (error.getName() == protocol::error_name::invalid_args && error.getMessage() == no_pairs)
    return about_arguments(call, supervisor);
  if (error.getName() == protocol::error_name::invalid_args && error.getMessage().starts_with("Unknown parameter: "))
    return about_variables(call, supervisor);
  return {};
} catch (const sdbus::Error&) { return {}; } // an older init, or nothing that we may know

} // namespace upstart::client
