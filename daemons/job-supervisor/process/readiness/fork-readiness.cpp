#include "daemons/job-supervisor/process/readiness/fork-readiness.hpp"

#include <algorithm>
#include <unistd.h>

namespace upstart::supervisor {

namespace {
constexpr std::chrono::milliseconds look_every{100};
constexpr std::chrono::milliseconds look_for_rest_every{5};
// A process without any environment looks as if it were in the middle of an exec, and it may be somebody else's.
constexpr std::chrono::milliseconds longest_undecided{500};
constexpr int fewest_looks = 100; // before that: fewer in that time mean that the machine let nobody run
} // namespace

ForkReadiness::ForkReadiness(MainProcess& main, Expect expect, const ForkTimeouts& timeouts)
    : main_{main}, expect_{expect}, timeouts_{timeouts}, timer_{main.children().loop(), [this] { look(); }} {}

void ForkReadiness::begin() {
  first_ = main_.child().pid();
  following_.emplace(expect_, first_, timeouts_);
  began_ = uv_hrtime();
  watch_closely();
}

// What forked and ended while there was no supervisor is told by its end and by who is there now.
void ForkReadiness::go_on() {
  if (!following_) return begin();
  if (!following_->settled()) watch_closely();
}

void ForkReadiness::write_notes(base::ByteWriter& out) const {
  out.truth(following_.has_value());
  out.number(first_);
  out.number(began_);
  if (following_) following_->write(out);
}

void ForkReadiness::restore(base::ByteReader& in) {
  bool has_begun = in.truth();
  first_ = in.number<pid_t>();
  began_ = in.number();
  if (has_begun) following_.emplace(expect_, first_, timeouts_).restore(in);
}

ForkFollowing::Time ForkReadiness::now() const {
  return std::chrono::duration_cast<ForkFollowing::Time>(std::chrono::nanoseconds{uv_hrtime() - began_});
}

void ForkReadiness::watch_closely() {
  if (!witness_) witness_.emplace(main_.children(), [this](const ProcessFacts& orphan) { orphan_ended(orphan); });
  timer_.start_repeating(following_->awaits_rest() ? look_for_rest_every : look_every);
}

void ForkReadiness::look() {
  bool awaited_rest = following_->awaits_rest();
  FollowingStep step = following_->looked_at(now(), look_at(main_.child().pid()), [this] {
    return !std::ranges::all_of(orphans().found, &ProcessFacts::ended);
  });
  if (step.settled) {
    timer_.stop();
    witness_.reset();
    main_.notes_changed();
  } else if (awaited_rest && step.ready) {
    timer_.start_repeating(look_every);
    main_.notes_changed();
  }
  if (!step.warning.empty()) main_.warn(step.warning);
  if (step.ready) main_.ready();
}

void ForkReadiness::orphan_ended(const ProcessFacts& orphan) {
  following_->orphan_ended(orphan);
  main_.notes_changed();
}

// Its child may be out of sight yet: behind a process that is exiting in its turn, or in the middle of an exec.
bool ForkReadiness::has_time_to_decide() {
  if (!undecided_since_) {
    undecided_since_ = now();
    undecided_looks_ = 0;
  }
  return ++undecided_looks_ <= fewest_looks || now() - *undecided_since_ < longest_undecided;
}

MainEnd ForkReadiness::end(const FollowingStep& step) {
  if (step.ready) main_.ready();
  return MainEnd::end;
}

MainEnd ForkReadiness::main_ended(int wait_status) {
  if (!following_) return MainEnd::end;
  if (!following_->may_have_daemonized(now(), wait_status)) return end(following_->main_ended(now(), wait_status, {}));
  while (true) {
    auto [found, complete] = orphans();
    if (!complete && has_time_to_decide()) return MainEnd::undecided;
    FollowingStep step = following_->main_ended(now(), wait_status, found);
    if (step.ended) return end(step);
    if (!main_.supervise(step.supervise)) continue; // ended meanwhile; there may be yet another
    undecided_since_.reset();
    watch_closely();
    if (!step.warning.empty()) main_.warn(step.warning);
    if (step.ready) main_.ready();
    return MainEnd::replaced;
  }
}

Orphans ForkReadiness::orphans() const { return orphans_that_may_come_from(first_, main_.members(), main_.children()); }

void ForkReadiness::signalled() {
  if (following_) following_->signalled();
}

} // namespace upstart::supervisor
