// `expect fork` and `expect daemon` carried out: tells ForkFollowing what happens, and does what it says.
#pragma once

#include "daemons/job-supervisor/process/readiness/fork-following.hpp"
#include "daemons/job-supervisor/process/readiness/readiness.hpp"

#include <optional>

namespace upstart::supervisor {

class ForkReadiness : public Readiness {
public:
  ForkReadiness(MainProcess& main, Expect expect, const ForkTimeouts& timeouts);

  void begin() override;
  void go_on() override;
  [[nodiscard]] bool is_ready() const override { return following_ && following_->ready(); }
  void write_notes(base::ByteWriter& out) const override;
  void restore(base::ByteReader& in);
  MainEnd main_ended(int wait_status) override;
  void signalled() override;

private:
  [[nodiscard]] ForkFollowing::Time now() const;
  void look();
  void orphan_ended(const ProcessFacts& orphan);
  void watch_closely();
  [[nodiscard]] Orphans orphans() const;
  [[nodiscard]] bool has_time_to_decide();
  [[nodiscard]] MainEnd end(const FollowingStep& step);

  MainProcess& main_;
  Expect expect_;
  ForkTimeouts timeouts_;
  pid_t first_ = 0;
  std::optional<ForkFollowing> following_;             // from `begin` on
  std::uint64_t began_ = 0;                            // nanoseconds of the loop's clock
  std::optional<ForkFollowing::Time> undecided_since_; // what has become of the process that has ended
  int undecided_looks_ = 0;                            // since then
  base::Timer timer_;
  std::optional<Children::Witness> witness_; // while it has not settled
};

} // namespace upstart::supervisor
