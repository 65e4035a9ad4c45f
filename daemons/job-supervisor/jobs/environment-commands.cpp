// The part of JobManager that serves the environment tables (dbus-api.md: GetEnv … ResetEnv).
#include "daemons/job-supervisor/jobs/job-manager.hpp"
#include "protocol/names.hpp"

namespace upstart::supervisor {

namespace {

std::expected<void, CommandError> check_name(std::string_view name) {
  if (!name.empty()) return {};
  return std::unexpected(CommandError{protocol::error_name::invalid_args, "Variable may not be empty string"});
}

} // namespace

std::expected<Job*, CommandError> JobManager::target_job(const EnvironmentTarget& target) {
  if (!target.instance) return nullptr;
  const auto& [job, instance] = *target.instance;
  if (auto* found = find_instance(job, instance)) return found;
  return std::unexpected(
      CommandError{protocol::error_name::unknown_job_instance, "Unknown instance: " + instance + " of job " + job});
}

std::expected<std::string, CommandError> JobManager::get_environment(const EnvironmentTarget& target,
                                                                     const std::string& name) {
  if (auto checked = check_name(name); !checked) return std::unexpected(checked.error());
  auto job = target_job(target);
  if (!job) return std::unexpected(job.error());
  auto value = (*job != nullptr ? (*job)->environment() : tables_.global()).get(name);
  if (value) return std::string{*value};
  return std::unexpected(CommandError{protocol::error_name::invalid_args, "No such variable: " + name});
}

std::expected<std::vector<std::string>, CommandError> JobManager::list_environment(const EnvironmentTarget& target) {
  auto job = target_job(target);
  if (!job) return std::unexpected(job.error());
  return (*job != nullptr ? (*job)->environment() : tables_.global()).strings();
}

// A change of the global table reaches every running job, for its later processes.
void JobManager::change_environments(const EnvironmentTarget& target, Job* job,
                                     const std::function<void(protocol::Environment&)>& change) {
  auto change_job = [&](Job& of) {
    change(of.environment());
    of.environment_changed();
  };
  if (target.instance) {
    change_job(*job);
  } else {
    change(tables_.global());
    for (auto& [_, entry] : classes_)
      for (auto& [__, instance] : entry->instances()) change_job(*instance);
  }
  settle();
}

std::expected<void, CommandError> JobManager::set_environment(const EnvironmentTarget& target,
                                                              const std::vector<std::string>& variables, bool replace) {
  for (const auto& variable : variables)
    if (auto checked = check_name(protocol::key_of(variable)); !checked) return checked;
  auto job = target_job(target);
  if (!job) return std::unexpected(job.error());
  change_environments(target, *job, [&](protocol::Environment& environment) {
    for (const auto& variable : variables)
      environment.set_string(variable.contains('=') ? variable : variable + "=", replace);
  });
  return {};
}

std::expected<void, CommandError> JobManager::unset_environment(const EnvironmentTarget& target,
                                                                const std::vector<std::string>& names) {
  for (const auto& name : names)
    if (auto checked = check_name(name); !checked) return checked;
  auto job = target_job(target);
  if (!job) return std::unexpected(job.error());
  change_environments(target, *job, [&](protocol::Environment& environment) {
    for (const auto& name : names) environment.unset(name);
  });
  return {};
}

std::expected<void, CommandError> JobManager::reset_environment(const EnvironmentTarget& target) {
  auto job = target_job(target);
  if (!job) return std::unexpected(job.error());
  if (*job != nullptr) {
    (*job)->environment() = tables_.of_class((*job)->job_class());
    (*job)->environment_changed();
  } else {
    tables_.reset_global();
  }
  settle();
  return {};
}

} // namespace upstart::supervisor
