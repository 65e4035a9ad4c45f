#include "daemons/job-supervisor/process/instances/spawned-process.hpp"

#include <cerrno>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>

namespace upstart::supervisor {

SpawnedProcess::SpawnedProcess(Children& children, Spawned spawned, Calls calls)
    : children_{children},
      calls_{std::move(calls)},
      failure_pipe_{std::move(spawned.failure_pipe)},
      failure_{spawned.failure} {
  watch(spawned.pid, std::move(spawned.pidfd));
  if (failure_) return; // told when it is gone
  if (failure_pipe_) {
    failure_watcher_ =
        std::make_unique<base::FdWatcher>(children_.loop(), failure_pipe_.get(), [this](unsigned) { read_failure(); });
    failure_watcher_->watch(base::FdWatcher::readable);
    return;
  }
  children_.loop().defer([alive = std::weak_ptr{alive_}] {
    if (auto still = alive.lock()) (*still)->tell_executed();
  });
}

void SpawnedProcess::watch(pid_t pid, base::FileDescriptor pidfd) {
  child_ = std::make_unique<WatchedChild>(children_, pid, std::move(pidfd),
                                          [this](int wait_status) { child_ended(wait_status); });
}

bool SpawnedProcess::supervise(pid_t pid) {
  base::FileDescriptor pidfd{static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))};
  if (!pidfd) return false;
  watch(pid, std::move(pidfd));
  return true;
}

// The pipe is closed without a word by a successful exec.
void SpawnedProcess::read_failure() {
  ChildFailure failure;
  ssize_t got = ::read(failure_pipe_.get(), &failure, sizeof failure);
  if (got < 0 && (errno == EINTR || errno == EAGAIN)) return;
  if (got == sizeof failure) failure_ = failure;
  failure_watcher_.reset();
  failure_pipe_.reset();
  if (!failure_) tell_executed();
}

void SpawnedProcess::tell_executed() {
  if (failure_ || std::exchange(executed_told_, true)) return;
  auto executed = calls_.executed;
  executed(); // may destroy this
}

void SpawnedProcess::child_ended(int wait_status) {
  std::weak_ptr alive = alive_;
  if (failure_pipe_) read_failure();
  else tell_executed();
  if (alive.expired()) return;
  auto ended = calls_.ended;
  ended(wait_status); // may destroy this
}

} // namespace upstart::supervisor
