#include "clients/initctl/conditions/possible-events.hpp"

#include "clients/initctl/conditions/node-of-event.hpp"
#include "protocol/bridges.hpp"

#include <fnmatch.h>

#include <algorithm>

namespace upstart::client {

namespace {

constexpr std::string_view wildcards = "*?[";
constexpr std::string_view failed_suffix = "/failed";

bool has_any_of(std::string_view text, std::string_view characters) {
  return text.find_first_of(characters) != std::string_view::npos;
}

} // namespace

PossibleEvents::PossibleEvents(const std::vector<std::string>& jobs, const std::vector<std::string>& emitted)
    : names_{"startup",    "starting",           "started",          "stopping",
             "stopped",    "control-alt-delete", "keyboard-request", "power-status-changed",
             "session-end"} {
  jobs_.insert(jobs.begin(), jobs.end());
  for (const auto& event : emitted)
    if (has_any_of(event, wildcards)) patterns_.push_back(event);
    else names_.insert(event);
}

bool PossibleEvents::is_emitted(std::string_view event) const {
  if (names_.contains(event)) return true;
  std::string name{event};
  if (protocol::bridge_of_event(name)) return true;
  if (std::ranges::any_of(patterns_,
                          [&](const auto& pattern) { return ::fnmatch(pattern.c_str(), name.c_str(), 0) == 0; }))
    return true;
  return event.ends_with(failed_suffix) && is_emitted(event.substr(0, event.size() - failed_suffix.size()));
}

// A name with a variable in it may turn out to be any job.
bool PossibleEvents::is_job(const std::string& pattern) const {
  if (pattern.contains('$') || jobs_.contains(pattern)) return true;
  if (!has_any_of(pattern, wildcards)) return false;
  return std::ranges::any_of(jobs_, [&](const auto& job) { return ::fnmatch(pattern.c_str(), job.c_str(), 0) == 0; });
}

// An event of another node of the fleet: which jobs there are is not known here.
bool PossibleEvents::can_happen(const Condition& event) const {
  if (std::ranges::any_of(event.arguments, names_node)) return true;
  std::string job = job_named_by(event);
  return is_emitted(event.event) && (job.empty() || is_job(job));
}

PossibleEvents::Obstacle PossibleEvents::obstacle_of(const Condition& event) const {
  if (!is_emitted(event.event)) return {"event", event.event};
  return {"job", job_named_by(event)};
}

} // namespace upstart::client
