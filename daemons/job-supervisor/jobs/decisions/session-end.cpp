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
  stop_all_jobs();
  core_.emit({.event = {.name = session_end_event, .environment = protocol::Environment{{"TYPE=" + type}}},
              .waits = waits::ForSessionEnd{}});
  auto grace_until = core_.ports.clock.now() + grace_period;
  core_.session = {.grace_until = grace_until, .limit = limit_from(grace_until)};
  arm();
}

// For jobs that are stopped at that time.
MonotonicTime SessionEnd::limit_from(MonotonicTime stopped) const {
  return stopped + longest_kill_timeout(core_.classes) + margin;
}

void SessionEnd::arm() {
  auto left_until = [now = core_.ports.clock.now()](MonotonicTime time) {
    return std::max(time - now, MonotonicTime{0});
  };
  grace_alarm_.reset();
  if (!core_.session.grace_is_over())
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
  auto over = std::move(grace_alarm_); // this runs in it
  end_grace();
  event_offered();
  run_turn_();
}

// The jobs that session-end has started are known only now, and have all of their time to end.
void SessionEnd::end_grace() {
  stop_all_jobs();
  core_.session.grace_until = MonotonicTime{0};
  core_.session.limit = limit_from(core_.ports.clock.now());
  arm();
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

// A job that session-end has started, or a condition that it has made half true.
bool SessionEnd::anybody_needs_grace() const {
  auto is_session_end = [](const auto& handled) { return handled.second.event.name == session_end_event; };
  return std::ranges::any_of(core_.events.all(), is_session_end) ||
         std::ranges::any_of(core_.classes.instances(), [](const Job* job) { return job->life().is_to_run(); });
}

void SessionEnd::check() {
  if (!core_.session.event_offered) return;
  if (core_.classes.instance_count() > 0) {
    if (!core_.session.grace_is_over() && !anybody_needs_grace()) end_grace();
    return;
  }
  grace_alarm_.reset();
  limit_alarm_.reset();
  if (!std::exchange(core_.session.told, true)) core_.tell(notice::SessionEnded{});
}

} // namespace upstart::supervisor
