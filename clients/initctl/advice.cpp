#include "clients/initctl/advice.hpp"

#include "clients/base/supervisor.hpp"
#include "protocol/environment.hpp"
#include "protocol/job-state.hpp"
#include "protocol/names.hpp"
#include "protocol/text.hpp"

#include <algorithm>
#include <format>

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

} // namespace

std::string advice_on_missing(const std::string& job, Upstart& upstart) try {
  return Supervisor{upstart.connection()}.AboutUnknownJob(protocol::escaped(job));
} catch (const sdbus::Error&) { return {}; } // an older init, or nothing that we may know

std::string advice_on_name(const sdbus::Error& error, const std::string& job, Upstart& upstart) {
  return error.getName() == protocol::error_name::unknown_job ? advice_on_missing(job, upstart) : "";
}

std::string advice_on_keyless(const std::vector<std::string>& variables) {
  auto keyless = find_keyless(variables);
  if (keyless == variables.end()) return {};
  if (keyless->starts_with('=')) return std::format("`{}' has no key: write KEY{}", *keyless, *keyless);
  return std::format("`{}' has no key: a variable of the event is written KEY=VALUE, such as NAME={}", *keyless,
                     *keyless);
}

std::string advice_on_event(const sdbus::Error& error, const Call& call, Upstart&) {
  bool is_keyless = error.getName() == protocol::error_name::invalid_args && error.getMessage() == no_pairs;
  return is_keyless ? advice_on_keyless(call.arguments_from(1)) : "";
}

std::string advice_on(const sdbus::Error& error, const Call& call, Upstart& upstart) try {
  if (call.arguments.empty()) return {};
  if (auto advice = advice_on_name(error, call.arguments[0], upstart); !advice.empty()) return advice;
  Supervisor supervisor{upstart.connection()};
  if (error.getName() == protocol::error_name::invalid_args && error.getMessage() == no_pairs)
    return about_arguments(call, supervisor);
  if (error.getName() == protocol::error_name::invalid_args && error.getMessage().starts_with("Unknown parameter: "))
    return about_variables(call, supervisor);
  return {};
} catch (const sdbus::Error&) { return {}; } // an older init, or nothing that we may know

} // namespace upstart::client
