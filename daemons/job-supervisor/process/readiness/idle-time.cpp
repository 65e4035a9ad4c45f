#include "daemons/job-supervisor/process/readiness/idle-time.hpp"

#include "daemons/job-supervisor/process/children/process-tree.hpp"

#include <algorithm>
#include <utility>

namespace upstart::supervisor {

Look look_at(pid_t pid) {
  Look look;
  for (pid_t member : tree_of(pid)) {
    auto facts = facts_of(member);
    if (!facts) continue;
    look.activity += std::to_string(member) + ' ' + std::to_string(facts->processor_time) + ' ';
    if (member != pid && !facts->ended()) look.has_descendants = true;
    if (facts->state == 'R' || facts->state == 'D') look.busy = true;
  }
  return look;
}

void IdleTime::begin(Time now) {
  began_ = last_look_ = now;
  idle_ = Time{0};
  activity_.clear();
}

void IdleTime::looked_at(Time now, const Look& look) {
  Time since = now - std::exchange(last_look_, now);
  bool changed = look.activity != activity_;
  if (changed) activity_ = look.activity;
  idle_ = changed || look.busy ? Time{0} : idle_ + std::min(since, longest_gap_);
}

} // namespace upstart::supervisor
