#include "daemons/job-supervisor/process/fork-following.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace upstart::supervisor {

namespace {

using namespace std::chrono_literals;

struct Patience {
  std::chrono::milliseconds quiet; // doing nothing for so long: settled
  std::chrono::milliseconds most;  // settled anyway
};
constexpr Patience before_any_fork{1000ms, 10s};
constexpr Patience after_a_fork{500ms, 5s};

// The one that detached itself most: in a session that is not the first process's; of these the youngest.
const ProcessFacts* service_among(std::span<const ProcessFacts> orphans, pid_t first) {
  auto rank = [first](const ProcessFacts& one) { return std::tuple{one.session != first, one.started, one.pid}; };
  const ProcessFacts* best = nullptr;
  for (const ProcessFacts& orphan : orphans)
    if (!orphan.ended() && (best == nullptr || rank(orphan) > rank(*best))) best = &orphan;
  return best;
}

// A session that neither the first process nor this one began was begun by one in between.
int forks_told_by_session(const ProcessFacts& process, pid_t first) {
  return process.session != first && process.session != process.pid ? 2 : 1;
}

} // namespace

FollowingStep ForkFollowing::main_ended(Time now, int wait_status, std::span<const ProcessFacts> orphans) {
  bool may_have_detached = wait_status == 0 && !signalled_ && (!settled_ || forks_ == 0);
  const ProcessFacts* service = may_have_detached ? service_among(orphans, first_) : nullptr;
  if (service == nullptr) return {.ended = true};
  for (const ProcessFacts& orphan : orphans)
    if (orphan.ended()) orphan_ended(orphan);
  return move_to(now, *service);
}

FollowingStep ForkFollowing::move_to(Time now, const ProcessFacts& orphan) {
  forks_ = std::max(forks_ + 1 + std::exchange(passed_, 0), forks_told_by_session(orphan, first_));
  FollowingStep step{.supervise = orphan.pid};
  step.ready = ready_ || forks_ >= needed_;
  ready_ = step.ready;
  if (ready_ && !warned_ && forks_ > needed_ && needed_ == 1) {
    warned_ = true;
    step.warning = wrong_stanza();
  }
  settled_ = false;
  begin_phase(now);
  return step;
}

void ForkFollowing::orphan_ended(const ProcessFacts& orphan) {
  bool counts = needed_ == 2; // one fork is enough for `fork`, and helpers end, too
  if (counts && orphan.session == first_ && orphan.pid != first_) ++passed_;
}

FollowingStep ForkFollowing::looked_at(Time now, const std::string& activity) {
  if (activity != activity_) {
    activity_ = activity;
    quiet_since_ = now;
  }
  const Patience& patience = forks_ == 0 ? before_any_fork : after_a_fork;
  if (now - quiet_since_ < patience.quiet && now - phase_began_ < patience.most) return {};
  settled_ = true;
  if (std::exchange(ready_, true)) return {.settled = true};
  warned_ = true;
  return {.ready = true, .settled = true, .warning = wrong_stanza()};
}

void ForkFollowing::begin_phase(Time now) {
  phase_began_ = quiet_since_ = now;
  activity_.clear();
}

std::string ForkFollowing::wrong_stanza() const {
  std::string stanza = needed_ == 2 ? "expect daemon" : "expect fork";
  if (forks_ == 0) return stanza + ", but it has not forked: it would be right without expect";
  if (forks_ == 1) return stanza + ", but it has forked only once: expect fork would be right";
  return stanza + ", but it has forked more than once: expect daemon would be right";
}

} // namespace upstart::supervisor
