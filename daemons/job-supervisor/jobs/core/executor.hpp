// Carries out what leaves the supervisor in a turn, in order, through the ports. What comes of it at once (a
// process is there, or could not be forked) is work for the next round.
#pragma once

#include "daemons/job-supervisor/jobs/core/core.hpp"

namespace upstart::supervisor {

class Executor {
public:
  explicit Executor(Core& core) : core_{core} {}

  void carry_out(std::vector<Outgoing> all);

private:
  void carry_out(outgoing::OfJob& of_job);
  void spawn(Job& job, effect::Spawn& spawn);
  [[nodiscard]] static std::expected<pid_t, SpawnFailure> try_to_spawn(Job& job, effect::Spawn& spawn);

  Core& core_;
};

} // namespace upstart::supervisor
