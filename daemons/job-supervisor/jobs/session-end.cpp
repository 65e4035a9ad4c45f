// The part of JobManager that ends a session (running.md): session-end, every job stopped, a bound on how long.
#include "daemons/job-supervisor/jobs/job-manager.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace upstart::supervisor {

namespace {
constexpr std::chrono::seconds logout_grace{5};
// On top of what the jobs' own kill timeouts allow: for what they do after they are killed.
constexpr std::chrono::milliseconds margin{500};
} // namespace

void JobManager::end_session(const std::string& type, bool grace) {
  if (session_ending_) return;
  session_ending_ = true;
  std::chrono::seconds longest{0};
  for (auto& [_, entry] : classes_)
    for (auto& [__, job] : entry->instances()) longest = std::max(longest, job->job_class().kill_timeout);
  stop_all_jobs();
  put_out({.name = "session-end", .environment = protocol::Environment{{"TYPE=" + type}}, .files = {}}, {},
          [this](bool) {
            session_event_done_ = true;
            soon([this] { check_session_end(); });
          });
  session_alarm_ = ports_.clock.after(grace ? logout_grace : std::chrono::seconds{1}, [this] {
    session_event_done_ = true;
    stop_all_jobs();
    soon([this] { check_session_end(); });
    settle();
  });
  session_limit_ = ports_.clock.after((grace ? logout_grace : std::chrono::seconds{0}) + longest + margin, [this] {
    spdlog::warn("{} jobs have not stopped in time: ended by SIGKILL", instances_);
    for (auto& [_, entry] : classes_)
      for (auto& [__, job] : entry->instances()) job->kill_all();
    ports_.observer.session_ended();
  });
  shutdown_ = !grace;
  settle();
}

void JobManager::stop_all_jobs() {
  std::vector<std::shared_ptr<Job>> jobs;
  for (auto& [_, entry] : classes_)
    for (auto& [__, job] : entry->instances()) jobs.push_back(job);
  for (auto& job : jobs) {
    job->forbid_respawn();
    if (!job->machine().is_to_stop()) job->stop({});
  }
}

void JobManager::session_event_handled() {
  if (!shutdown_) return;
  session_event_done_ = true;
  stop_all_jobs();
  soon([this] { check_session_end(); });
}

void JobManager::check_session_end() {
  if (!session_event_done_ || instances_ > 0) return;
  session_alarm_.reset();
  session_limit_.reset();
  if (std::exchange(session_told_, true)) return;
  ports_.observer.session_ended();
}

} // namespace upstart::supervisor
