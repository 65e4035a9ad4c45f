// Steps of jobs: hands an input to a life, and does to the tables what the step says; what leaves the supervisor goes
// into the turn. Makes and removes instances.
#pragma once

#include "daemons/job-supervisor/jobs/core/core.hpp"

namespace upstart::supervisor {

class JobSteps {
public:
  explicit JobSteps(Core& core) : core_{core} {}

  void take(Job& job, Input input);
  // Keeps a record of the job, for those who ask why.
  void note(const Job& job, RecordKind kind, std::string text);
  // An instance of that name; there is none yet.
  Job& make_instance(ClassEntry& entry, const std::string& name);

private:
  void carry_out(Job& job, Effect& effect);
  void emit(Job& job, effect::Emit& emit);
  void answer(const Job& job, const effect::Answer& answer);
  void remove(Job& job);
  void time(Job& job, State state);
  void begin_run(Job& job);
  void keep_run(Job& job);
  void forget_failure(const Job& job);
  void keep_failure(ClassEntry& entry, const Job& job);

  Core& core_;
};

} // namespace upstart::supervisor
