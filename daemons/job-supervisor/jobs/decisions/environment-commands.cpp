#include "daemons/job-supervisor/jobs/decisions/environment-commands.hpp"

#include "protocol/names.hpp"

#include <algorithm>

namespace upstart::supervisor {

namespace {

std::expected<void, CommandError> check_names(const std::vector<std::string>& variables) {
  bool named = std::ranges::none_of(variables, [](const std::string& each) { return protocol::key_of(each).empty(); });
  if (named) return {};
  return std::unexpected(CommandError{protocol::error_name::invalid_args, "Variable may not be empty string"});
}

std::vector<std::string> with_values(std::vector<std::string> variables) {
  for (auto& variable : variables)
    if (!variable.contains('=')) variable += "=";
  return variables;
}

} // namespace

std::expected<Job*, CommandError> EnvironmentCommands::find(const EnvironmentTarget& target) const {
  if (!target.instance) return nullptr;
  const auto& [job, instance] = *target.instance;
  if (auto* found = core_.classes.find(job, instance)) return found;
  if (core_.classes.find(job) == nullptr)
    return std::unexpected(CommandError{protocol::error_name::unknown_job, "Unknown job: " + job});
  return std::unexpected(
      CommandError{protocol::error_name::unknown_job_instance, "Unknown instance: " + instance + " of job " + job});
}

const protocol::Environment& EnvironmentCommands::table_of(const Job* job) const {
  return job != nullptr ? job->life().environment : core_.environments.global();
}

std::expected<std::string, CommandError> EnvironmentCommands::get(const EnvironmentTarget& target,
                                                                  const std::string& name) const {
  if (auto checked = check_names({name}); !checked) return std::unexpected(checked.error());
  auto job = find(target);
  if (!job) return std::unexpected(job.error());
  if (auto value = table_of(*job).get(name)) return std::string{*value};
  return std::unexpected(CommandError{protocol::error_name::invalid_args, "No such variable: " + name});
}

std::expected<std::vector<std::string>, CommandError> EnvironmentCommands::list(const EnvironmentTarget& target) const {
  auto job = find(target);
  if (!job) return std::unexpected(job.error());
  return table_of(*job).strings();
}

void EnvironmentCommands::give(Job* job, const Input& input) {
  if (job != nullptr) steps_.take(*job, input);
  else
    for (auto* each : core_.classes.instances()) steps_.take(*each, input);
  run_turn_();
}

std::expected<void, CommandError> EnvironmentCommands::set(const EnvironmentTarget& target,
                                                           const std::vector<std::string>& variables, bool replace) {
  if (auto checked = check_names(variables); !checked) return checked;
  auto job = find(target);
  if (!job) return std::unexpected(job.error());
  auto complete = with_values(variables);
  if (*job == nullptr)
    for (const auto& variable : complete) core_.environments.change_global().set_string(variable, replace);
  give(*job, input::SetVariables{std::move(complete), replace});
  return {};
}

std::expected<void, CommandError> EnvironmentCommands::unset(const EnvironmentTarget& target,
                                                             const std::vector<std::string>& names) {
  if (auto checked = check_names(names); !checked) return checked;
  auto job = find(target);
  if (!job) return std::unexpected(job.error());
  if (*job == nullptr)
    for (const auto& name : names) core_.environments.change_global().unset(name);
  give(*job, input::UnsetVariables{names});
  return {};
}

std::expected<void, CommandError> EnvironmentCommands::reset(const EnvironmentTarget& target) {
  auto job = find(target);
  if (!job) return std::unexpected(job.error());
  if (*job == nullptr) {
    core_.environments.reset_global();
    run_turn_();
  } else give(*job, input::ReplaceEnvironment{core_.environments.of_class((*job)->job_class())});
  return {};
}

} // namespace upstart::supervisor
