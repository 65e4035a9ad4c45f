// For tests: timelines written in a line a run.
#pragma once

#include "clients/views/timeline/run.hpp"

namespace upstart::client::test {

inline Time ms(int milliseconds) { return std::chrono::milliseconds{milliseconds}; }

// A service that began and was up at these times (ms).
inline Run service(std::string job, int begin, int up, std::vector<RunCause> causes = {}) {
  return {.job = std::move(job),
          .instance = {},
          .origin = causes.empty() ? "command" : "event",
          .causes = std::move(causes),
          .moments = {{"starting", ms(begin)}, {"spawned", ms(begin)}, {"running", ms(up)}}};
}

inline Run task(std::string job, int begin, int end, std::vector<RunCause> causes = {}) {
  auto run = service(std::move(job), begin, begin, std::move(causes));
  run.is_task = true;
  for (const auto* state : {"stopping", "killed", "waiting"}) run.moments.push_back({state, ms(end)});
  return run;
}

// The job waited in starting until this time.
inline Run held_up(Run run, int until) {
  run.moments.at(1).time = ms(until);
  return run;
}

} // namespace upstart::client::test
