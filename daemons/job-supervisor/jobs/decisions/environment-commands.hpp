// The environment tables as clients read and change them (dbus-api.md: GetEnv … ResetEnv): the global one, or that of
// an instance. A change of the global table reaches every running job, for its later processes.
#pragma once

#include "daemons/job-supervisor/jobs/core/job-steps.hpp"

namespace upstart::supervisor {

// The global table, or that of an instance.
struct EnvironmentTarget {
  std::optional<std::pair<std::string, std::string>> instance; // job, instance
};

class EnvironmentCommands {
public:
  // `run_turn` works off what a change has brought about.
  EnvironmentCommands(Core& core, JobSteps& steps, std::function<void()> run_turn)
      : core_{core}, steps_{steps}, run_turn_{std::move(run_turn)} {}

  // Errors UnknownJobInstance, InvalidArgs.
  [[nodiscard]] std::expected<std::string, CommandError> get(const EnvironmentTarget& target,
                                                             const std::string& name) const;
  [[nodiscard]] std::expected<std::vector<std::string>, CommandError> list(const EnvironmentTarget& target) const;
  // KEY=VALUE, or KEY for an empty value; `replace` false keeps a value that is there.
  [[nodiscard]] std::expected<void, CommandError> set(const EnvironmentTarget& target,
                                                      const std::vector<std::string>& variables, bool replace);
  [[nodiscard]] std::expected<void, CommandError> unset(const EnvironmentTarget& target,
                                                        const std::vector<std::string>& names);
  // To what it was at first.
  [[nodiscard]] std::expected<void, CommandError> reset(const EnvironmentTarget& target);

private:
  // Nothing: the global table.
  [[nodiscard]] std::expected<Job*, CommandError> find(const EnvironmentTarget& target) const;
  [[nodiscard]] const protocol::Environment& table_of(const Job* job) const;
  void give(Job* job, const Input& input);

  Core& core_;
  JobSteps& steps_;
  std::function<void()> run_turn_;
};

} // namespace upstart::supervisor
