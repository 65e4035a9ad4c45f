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

// An argument that is no KEY=VALUE is most often the value of a variable that names the instance.
std::string about_arguments(const Call& call, Supervisor& supervisor) {
  auto state = protocol::job_state_from_json(supervisor.DescribeJob(protocol::escaped(call.arguments[0])));
  auto arguments = call.arguments_from(1);
  auto keyless = std::ranges::find_if(arguments, [](const std::string& each) { return each.find('=') + 1 <= 1; });
  if (!state || state->instance_needs.empty() || keyless == arguments.end()) return {};
  return std::format("`{}' has no key; {} wants {}=..., such as {}={}", *keyless, state->name,
                     state->instance_needs.front(), state->instance_needs.front(), *keyless);
}

} // namespace

std::string advice_on_name(const sdbus::Error& error, const std::string& job, Upstart& upstart) try {
  if (error.getName() != protocol::error_name::unknown_job) return {};
  return Supervisor{upstart.connection()}.AboutUnknownJob(protocol::escaped(job));
} catch (const sdbus::Error&) { return {}; } // an older init, or nothing that we may know

std::string advice_on(const sdbus::Error& error, const Call& call, Upstart& upstart) try {
  if (call.arguments.empty()) return {};
  if (auto advice = advice_on_name(error, call.arguments[0], upstart); !advice.empty()) return advice;
  Supervisor supervisor{upstart.connection()};
  if (error.getName() == protocol::error_name::invalid_args && error.getMessage() == "Env must be KEY=VALUE pairs")
    return about_arguments(call, supervisor);
  return {};
} catch (const sdbus::Error&) { return {}; } // an older init, or nothing that we may know

} // namespace upstart::client
