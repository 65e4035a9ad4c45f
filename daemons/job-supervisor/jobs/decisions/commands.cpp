#include "daemons/job-supervisor/jobs/decisions/commands.hpp"

#include "daemons/job-supervisor/expression/expand.hpp"
#include "protocol/names.hpp"

#include <algorithm>
#include <cctype>
#include <format>
#include <optional>

namespace upstart::supervisor {

namespace error_name = protocol::error_name;

namespace {

CommandError invalid(std::string message) { return {error_name::invalid_args, std::move(message)}; }
CommandError already_stopped(const Job& job) {
  return {error_name::already_stopped, "Job has already been stopped: " + job.title()};
}
CommandError already_started(const Job& job) {
  return {error_name::already_started, "Job is already running: " + job.title()};
}

// Whoever waits for the answer to this command.
std::optional<CallerId>& caller_of(Input& input) {
  if (auto* start = std::get_if<input::Start>(&input)) return start->caller;
  if (auto* stop = std::get_if<input::Stop>(&input)) return stop->caller;
  return std::get<input::Restart>(input).caller;
}

// The variables by which an instance gets its name, where that is a single one; nothing where the name cannot be had
// so.
std::optional<std::vector<std::string>> environment_naming(std::string_view expression, const std::string& name) {
  if (expression.empty()) return name.empty() ? std::optional{std::vector<std::string>{}} : std::nullopt;
  if (!expression.starts_with('$') || name.empty()) return std::nullopt;
  expression.remove_prefix(1);
  if (expression.starts_with('{') && expression.ends_with('}'))
    expression = expression.substr(1, expression.size() - 2);
  auto is_of_name = [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; };
  if (expression.empty() || !std::ranges::all_of(expression, is_of_name)) return std::nullopt;
  return std::vector{std::string{expression} + "=" + name};
}

} // namespace

void Commands::give(Job& job, Input input, Asker asker, bool wait) {
  auto path = job.path();
  auto kind = std::holds_alternative<input::Start>(input) ? RecordKind::started : RecordKind::stopped;
  const auto* what = kind == RecordKind::started                  ? "started"
                     : std::holds_alternative<input::Stop>(input) ? "stopped"
                                                                  : "restarted";
  steps_.note(job, kind,
              std::format("{} by a command{}", what,
                          asker.pid > 0 ? std::format(" of process {} (user {})", asker.pid, asker.uid) : ""));
  auto caller = core_.callers.add(std::move(asker));
  if (wait) caller_of(input) = caller;
  else core_.callers.decide(caller, path, core_.ports.clock.now());
  steps_.take(job, std::move(input));
  run_turn_();
  if (!wait) core_.callers.answer(caller, std::move(path));
}

void Commands::refuse(Asker asker, CommandError error) {
  core_.answer(core_.callers.add(std::move(asker)), std::unexpected(std::move(error)));
  run_turn_();
}

void Commands::start(ClassEntry& entry, const std::vector<std::string>& environment, bool wait, Asker asker) {
  auto name = instance_name(entry, environment);
  if (!name) return refuse(std::move(asker), name.error());
  auto found = entry.instances().find(*name);
  bool exists = found != entry.instances().end();
  if (exists && found->second->life().is_to_run()) return refuse(std::move(asker), already_started(*found->second));
  auto& job = exists ? *found->second : steps_.make_instance(entry, *name);
  give(job, input::Start{.parameters = parameters(*entry.job_class(), environment)}, std::move(asker), wait);
}

void Commands::start_with_file(ClassEntry& entry, const std::string& instance,
                               std::shared_ptr<const base::FileDescriptor> file, Asker asker) {
  auto environment = environment_naming(entry.job_class()->instance, instance);
  if (!environment)
    return refuse(std::move(asker), invalid(std::format("Job {} has no instance {}: its instances are named by `{}'",
                                                        entry.name(), instance, entry.job_class()->instance)));
  auto found = entry.instances().find(instance);
  bool exists = found != entry.instances().end();
  if (exists && found->second->life().is_to_run()) return refuse(std::move(asker), already_started(*found->second));
  auto& job = exists ? *found->second : steps_.make_instance(entry, instance);
  auto start = parameters(*entry.job_class(), *environment);
  start.files.push_back(core_.events.next_file());
  job.keep(start.files.front(), std::move(file));
  give(job, input::Start{.parameters = std::move(start)}, std::move(asker), false);
}

void Commands::stop(ClassEntry& entry, const std::vector<std::string>& environment, bool wait, Asker asker) {
  auto job = find_instance(entry, environment, Usage::not_told);
  if (!job) return refuse(std::move(asker), job.error());
  if ((*job)->life().is_to_stop()) return refuse(std::move(asker), already_stopped(**job));
  give(**job, input::Stop{.environment = protocol::Environment{environment}}, std::move(asker), wait);
}

void Commands::restart(ClassEntry& entry, const std::vector<std::string>& environment, bool wait, Asker asker) {
  auto job = find_instance(entry, environment, Usage::not_told);
  if (!job) return refuse(std::move(asker), job.error());
  if ((*job)->life().is_to_stop()) return refuse(std::move(asker), already_stopped(**job));
  give(**job, input::Restart{.parameters = parameters((*job)->job_class(), environment)}, std::move(asker), wait);
}

void Commands::start(Job& job, bool wait, Asker asker) {
  if (job.life().is_to_run()) return refuse(std::move(asker), already_started(job));
  give(job, input::Start{.parameters = {}}, std::move(asker), wait);
}

void Commands::stop(Job& job, bool wait, Asker asker) {
  if (job.life().is_to_stop()) return refuse(std::move(asker), already_stopped(job));
  give(job, input::Stop{}, std::move(asker), wait);
}

void Commands::restart(Job& job, bool wait, Asker asker) {
  if (job.life().is_to_stop()) return refuse(std::move(asker), already_stopped(job));
  give(job, input::Restart{.parameters = {}}, std::move(asker), wait);
}

std::expected<void, CommandError> Commands::reload(Job& job) {
  if (job.life().process(ProcessKind::main).pid == 0)
    return std::unexpected(CommandError{error_name::not_running, "Job is not running: " + job.title()});
  steps_.take(job, input::Reload{});
  run_turn_();
  return {};
}

std::expected<std::string, CommandError>
Commands::instance_name(const ClassEntry& entry, const std::vector<std::string>& environment, Usage usage) const {
  if (auto fault = protocol::environment_fault(environment)) return std::unexpected(invalid(*fault));
  const auto& job_class = *entry.job_class();
  if (job_class.instance.empty()) return "";
  auto name = expand(job_class.instance, parameters(job_class, environment).environment);
  if (name) return *name;
  bool told = usage == Usage::told && !job_class.usage.empty();
  return std::unexpected(invalid(name.error() + (told ? "\nUsage: " + job_class.usage : "")));
}

std::expected<Job*, CommandError>
Commands::find_instance(const ClassEntry& entry, const std::vector<std::string>& environment, Usage usage) const {
  auto name = instance_name(entry, environment, usage);
  if (!name) return std::unexpected(name.error());
  auto found = entry.instances().find(*name);
  if (found != entry.instances().end()) return found->second.get();
  return std::unexpected(CommandError{error_name::unknown_instance, "Unknown instance: " + *name});
}

StartParameters Commands::parameters(const JobClass& job_class, const std::vector<std::string>& environment) const {
  StartParameters parameters{.environment = core_.environments.of_class(job_class)};
  parameters.environment.merge(protocol::Environment{environment});
  return parameters;
}

} // namespace upstart::supervisor
