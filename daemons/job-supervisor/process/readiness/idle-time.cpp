#include "daemons/job-supervisor/process/readiness/idle-time.hpp"

#include "daemons/job-supervisor/process/children/process-tree.hpp"

namespace upstart::supervisor {

Look look_at(pid_t pid) {
  Look look;
  for (pid_t member : tree_of(pid)) {
    auto facts = facts_of(member);
    if (!facts) continue;
    look.activity += std::to_string(member) + ' ' + std::to_string(facts->processor_time) + ' ';
    if (member != pid && !facts->ended()) look.has_descendants = true;
  }
  return look;
}

void IdleTime::begin(Time now) {
  began_ = idle_since_ = last_look_ = now;
  activity_.clear();
}

void IdleTime::looked_at(Time now, const std::string& activity) {
  last_look_ = now;
  if (activity == activity_) return;
  activity_ = activity;
  idle_since_ = now;
}

} // namespace upstart::supervisor
