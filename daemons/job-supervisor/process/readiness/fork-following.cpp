#include "daemons/job-supervisor/process/readiness/fork-following.hpp"

#include <algorithm>
#include <sys/wait.h>
#include <tuple>
#include <utility>

namespace upstart::supervisor {

namespace {

// The one that is furthest on its way to a daemon: in a session that is not the first process's; of these the youngest.
const ProcessFacts* service_among(std::span<const ProcessFacts> orphans, pid_t first) {
  auto rank = [first](const ProcessFacts& one) { return std::tuple{one.session != first, one.started, one.pid}; };
  const ProcessFacts* best = nullptr;
  for (const ProcessFacts& orphan : orphans)
    if (!orphan.ended() && (best == nullptr || rank(orphan) > rank(*best))) best = &orphan;
  return best;
}

bool is_busy(const ProcessFacts& process) { return process.state == 'R' || process.state == 'D'; }

// A session that neither the first process nor this one began was begun by one in between.
int forks_told_by_session(const ProcessFacts& process, pid_t first) {
  return process.session != first && process.session != process.pid ? 2 : 1;
}

} // namespace

FollowingStep ForkFollowing::main_ended(Time now, int wait_status, std::span<const ProcessFacts> orphans) {
  const ProcessFacts* service = may_have_daemonized(now, wait_status) ? service_among(orphans, first_) : nullptr;
  if (service == nullptr) return {.ready = awaits_rest() && !signalled_, .ended = true};
  for (const ProcessFacts& orphan : orphans)
    if (orphan.ended()) orphan_ended(orphan);
  return move_to(now, *service);
}

// Whatever status a parent exits with, what it forked is the service; but once there may be a service, a failure is the
// service's.
bool ForkFollowing::may_have_daemonized(Time now, int wait_status) const {
  if (signalled_ || WIFSIGNALED(wait_status)) return false;
  bool lacks_forks = forks_ < needed_;
  if (wait_status != 0) return lacks_forks && !settled_;
  return lacks_forks || !settled_ || idle_time_.passed(now) <= timeouts_.grace_period;
}

FollowingStep ForkFollowing::move_to(Time now, const ProcessFacts& orphan) {
  forks_ = std::max(forks_ + 1 + std::exchange(passed_, 0), forks_told_by_session(orphan, first_));
  FollowingStep step{.supervise = orphan.pid};
  settled_ = false;
  idle_time_.begin(now);
  if (ready_ || (forks_ >= needed_ && !is_busy(orphan))) become_ready(step);
  return step;
}

void ForkFollowing::become_ready(FollowingStep& step) {
  step.ready = ready_ = true;
  if (warned_ || forks_ <= needed_ || needed_ != 1) return;
  warned_ = true;
  step.warning = wrong_stanza();
}

void ForkFollowing::orphan_ended(const ProcessFacts& orphan) {
  bool counts = needed_ == 2; // one fork is enough for `fork`, and helpers end, too
  if (counts && orphan.session == first_ && orphan.pid != first_) ++passed_;
}

FollowingStep ForkFollowing::looked_at(Time now, const Look& look, const std::function<bool()>& has_orphans) {
  idle_time_.looked_at(now, look);
  if (awaits_rest()) {
    FollowingStep step;
    if (!look.busy || idle_time_.passed(now) >= timeouts_.longest_unrest) become_ready(step);
    return step;
  }
  if (!idle_time_.exceeds(forks_ < needed_ ? timeouts_.before_fork : timeouts_.after_ready)) return {};
  bool waits_for_its_child = forks_ == 0 && (look.has_descendants || has_orphans());
  if (waits_for_its_child && !idle_time_.exceeds(timeouts_.parent_beside_child)) return {};
  settled_ = true;
  if (std::exchange(ready_, true)) return {.settled = true};
  warned_ = true;
  return {.ready = true, .settled = true, .warning = wrong_stanza(waits_for_its_child)};
}

void ForkFollowing::write(base::ByteWriter& out) const {
  out.number(forks_);
  out.number(passed_);
  for (bool flag : {ready_, settled_, signalled_, warned_}) out.truth(flag);
  out.number(idle_time_.began().count());
}

void ForkFollowing::restore(base::ByteReader& in) {
  forks_ = in.number<int>();
  passed_ = in.number<int>();
  for (bool* flag : {&ready_, &settled_, &signalled_, &warned_}) *flag = in.truth();
  idle_time_.begin(Time{in.number<std::int64_t>()});
}

std::string ForkFollowing::wrong_stanza(bool waits_for_its_child) const {
  std::string stanza = needed_ == 2 ? "(expect daemon)" : "(expect fork)";
  std::string accepted = "; taken as ready; ";
  if (waits_for_its_child)
    return "has not ended after forking " + stanza + accepted + "if it never does, remove the stanza expect";
  if (forks_ == 0) return "has not forked " + stanza + accepted + "if it never does, remove the stanza expect";
  if (forks_ == 1) return "has forked only once " + stanza + accepted + "use expect fork";
  return "has forked more than once " + stanza + "; its last process is supervised; use expect daemon";
}

} // namespace upstart::supervisor
