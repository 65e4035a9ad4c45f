#include "clients/initctl/jobs/instance-meant.hpp"

#include "protocol/names.hpp"

#include <algorithm>

namespace upstart::client {

namespace {

// The error that it is not there tells the name, perhaps with the usage of the job on further lines.
std::string name_in(const std::string& message) {
  constexpr std::string_view before{"Unknown instance: "};
  auto name = message.substr(std::min(before.size(), message.size()));
  return name.substr(0, name.find("\nUsage: "));
}

std::string name_of_instance(JobClass job, const std::vector<std::string>& words) {
  try {
    auto address = protocol::address_of_path(job.GetInstance(words));
    return address ? address->instance.value_or("") : "";
  } catch (const sdbus::Error& error) {
    if (error.getName() != protocol::error_name::unknown_instance) throw;
    return name_in(error.getMessage());
  }
}

} // namespace

std::optional<Failure> fault_in_variables(const std::vector<std::string>& words) {
  auto keyless = std::ranges::find_if(words, [](const std::string& word) { return word.find('=') + 1 <= 1; });
  if (keyless == words.end()) return std::nullopt;
  return Failure{"unexpected argument: " + *keyless, true};
}

std::optional<std::string> instance_meant(Upstart& upstart, const std::string& job,
                                          const std::vector<std::string>& words) {
  return words.empty() ? std::nullopt : std::optional{name_of_instance(upstart.job_class(job), words)};
}

} // namespace upstart::client
