#include "daemons/job-supervisor/process/readiness/fork-readiness.hpp"

#include <algorithm>
#include <unistd.h>

namespace upstart::supervisor {

namespace {
constexpr std::chrono::milliseconds look_every{100};
}

ForkReadiness::ForkReadiness(MainProcess& main, Expect expect, const ForkTimeouts& timeouts)
    : main_{main}, expect_{expect}, timeouts_{timeouts}, timer_{main.children().loop(), [this] { look(); }} {}

void ForkReadiness::begin() {
  first_ = main_.child().pid();
  following_.emplace(expect_, first_, timeouts_);
  began_ = uv_hrtime();
  watch_closely();
}

ForkFollowing::Time ForkReadiness::now() const {
  return std::chrono::duration_cast<ForkFollowing::Time>(std::chrono::nanoseconds{uv_hrtime() - began_});
}

void ForkReadiness::watch_closely() {
  if (!witness_) witness_.emplace(main_.children(), [this](pid_t pid) { orphan_ended(pid); });
  timer_.start_repeating(look_every);
}

void ForkReadiness::look() {
  FollowingStep step = following_->looked_at(now(), look_at(main_.child().pid()),
                                             [this] { return !std::ranges::all_of(orphans(), &ProcessFacts::ended); });
  if (step.settled) {
    timer_.stop();
    witness_.reset();
  }
  if (!step.warning.empty()) main_.warn(step.warning);
  if (step.ready) main_.ready();
}

void ForkReadiness::orphan_ended(pid_t pid) {
  auto facts = facts_of(pid);
  if (facts && facts->parent == ::getpid()) following_->orphan_ended(*facts);
}

bool ForkReadiness::main_ended(int wait_status) {
  if (!following_) return false;
  while (true) {
    FollowingStep step = following_->main_ended(now(), wait_status, orphans());
    if (step.ended) return false;
    if (!main_.supervise(step.supervise)) continue; // ended meanwhile; there may be yet another
    watch_closely();
    if (!step.warning.empty()) main_.warn(step.warning);
    if (step.ready) main_.ready();
    return true;
  }
}

std::vector<ProcessFacts> ForkReadiness::orphans() const {
  return orphans_that_may_come_from(first_, main_.members(), main_.children());
}

void ForkReadiness::signalled() {
  if (following_) following_->signalled();
}

} // namespace upstart::supervisor
