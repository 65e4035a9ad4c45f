#include "daemons/job-supervisor/process/children/process-handle.hpp"

#include "daemons/base/processes/lasting-descriptor.hpp"

#include <cerrno>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace upstart::supervisor {

namespace {

// glibc older than 2.36 has no name for it in every mode.
constexpr auto by_pidfd = static_cast<idtype_t>(3);

bool there_is_none(pid_t pid) { return ::kill(pid, 0) < 0 && errno == ESRCH; }

} // namespace

ProcessHandle::ProcessHandle(const ProcessId& id, base::FileDescriptor pidfd, bool is_child)
    : id_{id}, pidfd_{base::out_of_the_way(std::move(pidfd))}, is_child_{is_child} {}

// Who it is is looked at when it is held.
int ProcessHandle::open() {
  if (pidfd_) return 0;
  base::FileDescriptor pidfd{static_cast<int>(::syscall(SYS_pidfd_open, id_.pid, 0))};
  int error = pidfd ? 0 : errno;
  if (error == ESRCH) return ESRCH;
  auto facts = facts_of(id_.pid);
  if (facts ? !id_.is(facts->pid, facts->started) : there_is_none(id_.pid)) return ESRCH;
  if (error != 0 || !facts) return error != 0 ? error : EMFILE;
  pidfd_ = base::out_of_the_way(std::move(pidfd));
  return 0;
}

// Another user's may not be signalled, and is there.
bool ProcessHandle::exists() const {
  if (pidfd_) return ::syscall(SYS_pidfd_send_signal, pidfd_.get(), 0, nullptr, 0) == 0 || errno != ESRCH;
  auto facts = facts_of(id_.pid);
  return facts && id_.is(facts->pid, facts->started);
}

bool ProcessHandle::has_ended() const {
  if (pidfd_) {
    pollfd end{.fd = pidfd_.get(), .events = POLLIN, .revents = 0};
    return ::poll(&end, 1, 0) != 0;
  }
  auto facts = facts_of(id_.pid);
  return facts && id_.is(facts->pid, facts->started) && facts->ended();
}

// What cannot be read is taken for it.
bool ProcessHandle::is_ended_child() {
  if (is_child_) return true;
  siginfo_t info{};
  if (pidfd_) return wait(info, WEXITED | WNOWAIT) == 0;
  auto facts = facts_of(id_.pid);
  is_child_ = !facts || id_.is(facts->pid, facts->started);
  return is_child_;
}

// The number of a child is its own until it is reaped.
int ProcessHandle::wait(siginfo_t& info, int options) const {
  if (pidfd_) return ::waitid(by_pidfd, static_cast<id_t>(pidfd_.get()), &info, options | WNOHANG);
  if (is_child_) return ::waitid(P_PID, static_cast<id_t>(id_.pid), &info, options | WNOHANG);
  errno = ECHILD;
  return -1;
}

void ProcessHandle::signal(int signal_number) const {
  if (pidfd_) ::syscall(SYS_pidfd_send_signal, pidfd_.get(), signal_number, nullptr, 0);
  else if (is_child_ || exists()) ::kill(id_.pid, signal_number);
}

} // namespace upstart::supervisor
