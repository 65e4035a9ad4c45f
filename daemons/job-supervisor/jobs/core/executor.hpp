// Carries out what leaves the supervisor in a turn, in order, through the ports. What comes of it at once (a
// process is there, or could not be forked) is work for the next round.
#pragma once

#include "daemons/job-supervisor/jobs/core/recorder.hpp"

namespace upstart::supervisor {

class Executor {
public:
  Executor(Core& core, Recorder& recorder) : core_{core}, recorder_{recorder} {}

  // All that is outgoing in the turn, or as much as can be done until then: false, and the next call goes on.
  [[nodiscard]] bool carry_out(std::chrono::microseconds until);

private:
  void carry_out(outgoing::OfJob& of_job);
  void spawn(Job& job, effect::Spawn& spawn);
  void record_spawned(Job& job, ProcessKind kind, pid_t pid);
  [[nodiscard]] std::expected<pid_t, SpawnFailure> try_to_spawn(Job& job, effect::Spawn& spawn);

  Core& core_;
  Recorder& recorder_;
};

} // namespace upstart::supervisor
