// `expect fork` and `expect daemon`: which process is the service, and when it is ready. Without ptrace: a service
// becomes a daemon by ending after a fork, and what it forked then is an orphan of the job. So each time the supervised
// process ends well and an orphan is there, the orphan is the service; how often that happened, and what sessions tell,
// says how many forks there were.
//
// With its last fork a service is ready as soon as it rests: it waits for something, or it has run for so long that it
// will not fork once more at once. So whoever was told that it is ready is told the process that stays.
//
// A wrong expect never wedges the job: a process that has settled (it uses no processor time and makes no processes for
// a while) is accepted as it is. Nor does a slow program lose its service: one that was accepted too early is still
// followed. Pure: what is seen goes in, what is to be done comes out.
#pragma once

#include "daemons/base/bytes.hpp"
#include "daemons/job-supervisor/language/model/job-class.hpp"
#include "daemons/job-supervisor/process/children/process-tree.hpp"
#include "daemons/job-supervisor/process/readiness/idle-time.hpp"

#include <functional>
#include <span>
#include <string>

namespace upstart::supervisor {

// What is to be done.
struct FollowingStep {
  pid_t supervise = 0;   // from now on this one instead, unless 0
  bool ready = false;    // tell so, or if that was told before, that it has moved
  bool ended = false;    // the main process has ended, with the status it had; if it is ready as well, that comes first
  bool settled = false;  // no need to look at it any more
  std::string warning{}; // what is wrong with the stanza
  friend bool operator==(const FollowingStep&, const FollowingStep&) = default;
};

class ForkFollowing {
public:
  using Time = IdleTime::Time; // since the program was executed

  ForkFollowing(Expect expect, pid_t first, const ForkTimeouts& timeouts = {})
      : needed_{expect == Expect::daemon ? 2 : 1},
        first_{first},
        timeouts_{timeouts},
        idle_time_{timeouts.longest_gap} {}

  // The supervised process has ended; `orphans` are the job's.
  FollowingStep main_ended(Time now, int wait_status, std::span<const ProcessFacts> orphans);
  // Whether this end may be that of a parent whose child goes on as the service.
  [[nodiscard]] bool may_have_daemonized(Time now, int wait_status) const;
  // An orphan has ended that was never supervised.
  void orphan_ended(const ProcessFacts& orphan);
  // A look at the supervised process. Whether the job has orphans is asked only where it matters: finding them takes
  // time.
  FollowingStep looked_at(Time now, const Look& look, const std::function<bool()>& has_orphans = [] { return false; });
  void write(base::ByteWriter& out) const;
  void restore(base::ByteReader& in);
  [[nodiscard]] bool settled() const { return settled_; }
  [[nodiscard]] bool ready() const { return ready_; }
  // It has made its forks, and is ready at the next look that finds it at rest.
  [[nodiscard]] bool awaits_rest() const { return !ready_ && forks_ >= needed_; }
  // It was sent a signal by order: when it ends now, it has ended.
  void signalled() { signalled_ = true; }

private:
  FollowingStep move_to(Time now, const ProcessFacts& orphan);
  void become_ready(FollowingStep& step);
  [[nodiscard]] std::string wrong_stanza(bool waits_for_its_child = false) const;

  int needed_;
  pid_t first_;
  ForkTimeouts timeouts_;
  int forks_ = 0;
  int passed_ = 0; // ended on the way, unseen while they lived
  bool ready_ = false, settled_ = false, signalled_ = false, warned_ = false;
  IdleTime idle_time_; // of the one that is supervised now
};

} // namespace upstart::supervisor
