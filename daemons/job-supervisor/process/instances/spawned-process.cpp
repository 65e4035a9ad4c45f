#include "daemons/job-supervisor/process/instances/spawned-process.hpp"

#include "daemons/base/program/oom-score.hpp"
#include "daemons/job-supervisor/process/adoption/spawn-search.hpp"

#include <cerrno>
#include <unistd.h>
#include <utility>

namespace upstart::supervisor {

SpawnedProcess::SpawnedProcess(Children& children, Spawned spawned, ProcessKind kind, SpawnedProcessOwner& owner)
    : children_{children}, owner_{owner}, kind_{kind} {
  if (spawned.failure) failure_.edit() = *spawned.failure;
  watch({spawned.pid, spawned.earliest, spawned.latest}, std::move(spawned.pidfd), WatchedChild::Parent::this_process);
  if (spawned.failure_pipe || spawned.held_up)
    execution_ = std::make_unique<Execution>(
        Execution{.failure_pipe = std::move(spawned.failure_pipe), .held_up = std::move(spawned.held_up)});
  if (failure_) return; // told when it is gone
  if (!execution_) {
    children_.loop().defer([this, observer = base::Lifetime::Observer{lifetime_}] {
      if (!observer.expired()) tell_executed();
    });
    return;
  }
  if (execution_->failure_pipe) {
    execution_->failure_watcher = std::make_unique<base::FdWatcher>(children_.loop(), execution_->failure_pipe.get(),
                                                                    [this](unsigned) { read_failure(); });
    execution_->failure_watcher->watch(base::FdWatcher::readable);
    return;
  }
  execution_->looks = std::make_unique<base::Timer>(children_.loop(), [this] { look_at_held_up(); });
  execution_->looks->start(execution_->next_look.next());
}

SpawnedProcess::SpawnedProcess(Children& children, const ProcessNote& note, SpawnedProcessOwner& owner)
    : children_{children}, owner_{owner}, kind_{note.kind}, executed_told_{note.executed} {
  if (note.failure) failure_.edit() = *note.failure;
  children_.adopts_processes();
  watch(note.id, {});
  if (failure_ || executed_told_) return;
  execution_ = std::make_unique<Execution>();
  execution_->looks = std::make_unique<base::Timer>(children_.loop(), [this] { look_for_execution(); });
  execution_->looks->start(std::chrono::milliseconds{0});
}

SpawnedProcess::~SpawnedProcess() {
  if (execution_ && execution_->held_up) SharedStart::give_back(std::move(execution_->held_up));
}

// False while it is still held up.
bool SpawnedProcess::take_outcome_of_held_up() {
  auto& held_up = execution_->held_up;
  if (!held_up->finished()) return false;
  if (held_up->failure().error != 0) failure_.edit() = held_up->failure();
  SharedStart::give_back(std::move(held_up));
  return true;
}

// Its end may have been seen first: then that is known already, and another process may be supervised in its place.
void SpawnedProcess::look_at_held_up() {
  if (!execution_->held_up) return;
  if (!take_outcome_of_held_up()) return execution_->looks->start(execution_->next_look.next());
  if (!failure_) base::give_ordinary_oom_score(child_->pid());
  tell_executed();
}

// Whether it could execute was to be told to a supervisor that is no more; but its program shows.
void SpawnedProcess::look_for_execution() {
  constexpr std::chrono::milliseconds a_moment{2};
  if (may_be_a_child_before_exec(child_->pid())) return execution_->looks->start(a_moment);
  auto facts = facts_of(child_->pid());
  if (facts && !facts->ended()) tell_executed(); // else its end is told in a moment
}

ProcessNote SpawnedProcess::note() const {
  bool is_seen_to = execution_ && (execution_->failure_pipe || execution_->looks);
  return {.kind = kind_,
          .id = child_->id(),
          .executed = executed_told_ || (!is_seen_to && !failure_),
          .failure = failure_ ? std::optional{*failure_} : std::nullopt};
}

void SpawnedProcess::watch(const ProcessId& id, base::FileDescriptor pidfd, WatchedChild::Parent parent) {
  child_.emplace(children_, id, std::move(pidfd), [this](int wait_status) { child_ended(wait_status); }, parent);
}

bool SpawnedProcess::supervise(pid_t pid) {
  auto facts = facts_of(pid);
  if (!facts) return false;
  watch({pid, facts->started, facts->started}, {});
  return true;
}

// The pipe is closed without a word by a successful exec.
void SpawnedProcess::read_failure() {
  ChildFailure failure;
  ssize_t got = ::read(execution_->failure_pipe.get(), &failure, sizeof failure);
  if (got < 0 && (errno == EINTR || errno == EAGAIN)) return;
  if (got == sizeof failure) failure_.edit() = failure;
  execution_->failure_watcher.reset();
  execution_->failure_pipe.reset();
  if (!failure_) tell_executed();
}

void SpawnedProcess::tell_executed() {
  if (failure_ || std::exchange(executed_told_, true)) return;
  owner_.process_executed(kind_); // may destroy this
}

void SpawnedProcess::child_ended(int wait_status) {
  base::Lifetime::Observer observer{lifetime_};
  if (execution_ && execution_->failure_pipe) read_failure();
  else {
    if (execution_ && execution_->held_up) (void)take_outcome_of_held_up();
    tell_executed();
  }
  if (observer.expired()) return;
  owner_.process_ended(kind_, wait_status); // may destroy this
}

} // namespace upstart::supervisor
