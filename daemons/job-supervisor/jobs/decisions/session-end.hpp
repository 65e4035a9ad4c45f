// The end of a session (running.md): every job is stopped, those that start on session-end a little later, nothing
// respawns any more, no other event starts anything, and there is a bound on how long all that may take: from the last
// of these stops on, the longest kill timeout of all jobs.
#pragma once

#include "daemons/job-supervisor/jobs/core/job-steps.hpp"

namespace upstart::supervisor {

inline constexpr const char* session_end_event = "session-end";

class SessionEnd {
public:
  // `run_turn` works off what an alarm has brought about.
  SessionEnd(Core& core, JobSteps& steps, std::function<void()> run_turn)
      : core_{core}, steps_{steps}, run_turn_{std::move(run_turn)} {}

  // Emits session-end TYPE=`type`; the jobs that start on it get a few seconds. Once.
  void begin(const std::string& type);
  [[nodiscard]] bool has_begun() const { return core_.session_ends; }
  // The session's own event has been offered to all, or nobody wants it: whoever starts on it has been started.
  void event_offered();
  // Tells that the session has ended, once, when it has.
  void check();
  // It had begun when it was written down: goes on.
  void resume();

private:
  void stop_all_jobs();
  [[nodiscard]] MonotonicTime limit_from(MonotonicTime stopped) const;
  [[nodiscard]] bool anybody_needs_grace() const;
  void arm();
  void grace_is_over();
  void end_grace();
  void time_is_up();

  Core& core_;
  JobSteps& steps_;
  std::function<void()> run_turn_;
  std::unique_ptr<Alarm> grace_alarm_, limit_alarm_;
};

} // namespace upstart::supervisor
