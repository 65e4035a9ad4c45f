#include "daemons/job-supervisor/jobs/decisions/session-end.hpp"

#include <algorithm>
#include <format>
#include <utility>

namespace upstart::supervisor {

namespace {
constexpr std::chrono::seconds grace_period{5};
// On top of what the jobs' own kill timeouts allow: for what they do after they are killed.
constexpr std::chrono::milliseconds margin{500};

std::chrono::seconds longest_kill_timeout(const ClassTable& classes) {
  std::chrono::seconds longest{0};
  for (const auto* job : classes.instances()) longest = std::max(longest, job->job_class().kill_timeout);
  return longest;
}
} // namespace

void SessionEnd::begin(const std::string& type) {
  if (std::exchange(core_.session_ends, true)) return;
  auto longest = longest_kill_timeout(core_.classes);
  stop_all_jobs();
  core_.emit({.event = {.name = "session-end", .environment = protocol::Environment{{"TYPE=" + type}}},
              .waits = waits::ForSessionEnd{}});
  auto grace_until = core_.ports.clock.now() + grace_period;
  core_.session = {.grace_until = grace_until, .limit = grace_until + longest + margin};
  arm();
}

void SessionEnd::arm() {
  auto left_until = [now = core_.ports.clock.now()](MonotonicTime time) {
    return std::max(time - now, MonotonicTime{0});
  };
  grace_alarm_ = core_.ports.clock.after(left_until(core_.session.grace_until), [this] { grace_is_over(); });
  limit_alarm_ = core_.ports.clock.after(left_until(core_.session.limit), [this] { time_is_up(); });
}

void SessionEnd::resume() {
  if (!core_.session_ends) return;
  core_.session.told = false; // nobody of this process has heard it
  arm();
  core_.add_work(work::CheckSessionEnd{});
}

void SessionEnd::grace_is_over() {
  stop_all_jobs();
  event_offered();
  run_turn_();
}

void SessionEnd::time_is_up() {
  core_.write(Severity::warning,
              std::format("{} jobs have not stopped in time: ended by SIGKILL", core_.classes.instance_count()));
  for (auto* job : core_.classes.instances()) steps_.take(*job, input::KillAll{});
  core_.tell(notice::SessionEnded{});
  run_turn_();
}

void SessionEnd::stop_all_jobs() {
  for (auto* job : core_.classes.instances()) {
    steps_.take(*job, input::ForbidRespawn{});
    if (job->life().is_to_stop()) continue;
    steps_.note(*job, RecordKind::stopped, "stopped because the session ends");
    steps_.take(*job, input::Stop{});
  }
}

void SessionEnd::event_offered() {
  core_.session.event_offered = true;
  core_.add_work(work::CheckSessionEnd{});
}

void SessionEnd::check() {
  if (!core_.session.event_offered || core_.classes.instance_count() > 0) return;
  grace_alarm_.reset();
  limit_alarm_.reset();
  if (!std::exchange(core_.session.told, true)) core_.tell(notice::SessionEnded{});
}

} // namespace upstart::supervisor
