// The commands on jobs. A command is refused in words, or moves the job; a caller that waits is answered when the job
// is where it was told to go or has failed, the others when the turn is over.
#pragma once

#include "daemons/job-supervisor/jobs/core/job-steps.hpp"

namespace upstart::supervisor {

class Commands {
public:
  // `run_turn` works off what a command has brought about.
  Commands(Core& core, JobSteps& steps, std::function<void()> run_turn)
      : core_{core}, steps_{steps}, run_turn_{std::move(run_turn)} {}

  // Of the instance that the environment names. Start makes it; restart rebuilds its environment. `asker` is answered
  // exactly once; its token, if it has one, is not known yet (Jobs::resume).
  void start(ClassEntry& entry, const std::vector<std::string>& environment, bool wait, Asker asker);
  // The instance of this name, made where there is none, with a descriptor for its main process; answered at once.
  void start_with_file(ClassEntry& entry, const std::string& instance, std::shared_ptr<const base::FileDescriptor> file,
                       Asker asker);
  void stop(ClassEntry& entry, const std::vector<std::string>& environment, bool wait, Asker asker);
  void restart(ClassEntry& entry, const std::vector<std::string>& environment, bool wait, Asker asker);
  // Of this instance, which keeps its environment.
  void start(Job& job, bool wait, Asker asker);
  void stop(Job& job, bool wait, Asker asker);
  void restart(Job& job, bool wait, Asker asker);
  // Error NotRunning where there is no main process.
  [[nodiscard]] std::expected<void, CommandError> reload(Job& job);

  // The name of the instance that this environment names, whether it exists or not. Errors InvalidArgs; where a
  // variable is missing, with what the stanza `usage` says, if that is wanted.
  enum class Usage : std::uint8_t { told, not_told };
  [[nodiscard]] std::expected<std::string, CommandError>
  instance_name(const ClassEntry& entry, const std::vector<std::string>& environment, Usage usage = Usage::told) const;
  // Error UnknownInstance, too.
  [[nodiscard]] std::expected<Job*, CommandError>
  find_instance(const ClassEntry& entry, const std::vector<std::string>& environment, Usage usage = Usage::told) const;

private:
  void refuse(Asker asker, CommandError error);
  void give(Job& job, Input input, Asker asker, bool wait);
  [[nodiscard]] StartParameters parameters(const JobClass& job_class,
                                           const std::vector<std::string>& environment) const;

  Core& core_;
  JobSteps& steps_;
  std::function<void()> run_turn_;
};

} // namespace upstart::supervisor
