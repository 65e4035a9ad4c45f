#include "daemons/job-supervisor/process/children/children.hpp"

#include <cerrno>
#include <csignal>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace upstart::supervisor {

namespace {

constexpr std::chrono::milliseconds sweep_delay{100};
constexpr int most_per_sweep = 256;

// What waitid tells, in the form of wait(2).
int wait_status(const siginfo_t& info) {
  switch (info.si_code) {
  case CLD_EXITED: return W_EXITCODE(info.si_status, 0);
  case CLD_DUMPED: return info.si_status | WCOREFLAG;
  case CLD_STOPPED:
  case CLD_TRAPPED: return W_STOPCODE(info.si_status);
  default: return info.si_status;
  }
}

// glibc older than 2.36 has no name for it in every mode.
constexpr auto by_pidfd = static_cast<idtype_t>(3);

} // namespace

WatchedChild::WatchedChild(Children& children, pid_t pid, base::FileDescriptor pidfd, std::function<void(int)> ended)
    : children_{children},
      pid_{pid},
      pidfd_{std::move(pidfd)},
      ended_{std::move(ended)},
      watcher_{children.loop(), pidfd_.get(), [this](unsigned) { check(); }} {
  children_.watched_.emplace(pid_, this);
  watcher_.watch(base::FdWatcher::readable);
}

WatchedChild::~WatchedChild() {
  if (!gone_) children_.watched_.erase(pid_);
  children_.stoppable_.erase(this);
}

void WatchedChild::check() {
  siginfo_t info{};
  if (::waitid(by_pidfd, static_cast<id_t>(pidfd_.get()), &info, WEXITED | WNOHANG) < 0) {
    if (errno == ECHILD) finish(0); // it was not ours to wait for: how it ended is not known
    return;
  }
  if (info.si_pid != 0) finish(wait_status(info));
}

void WatchedChild::check_stopped() {
  siginfo_t info{};
  if (::waitid(by_pidfd, static_cast<id_t>(pidfd_.get()), &info, WSTOPPED | WNOHANG) < 0 || info.si_pid == 0) return;
  auto stopped = stopped_;
  stopped();
}

void WatchedChild::finish(int status) {
  gone_ = true;
  children_.watched_.erase(pid_);
  watcher_.watch(0);
  auto ended = std::move(ended_);
  ended(status); // may destroy this
}

void WatchedChild::signal(int signal_number) {
  if (!gone_) ::syscall(SYS_pidfd_send_signal, pidfd_.get(), signal_number, nullptr, 0);
}

void WatchedChild::signal_group(int signal_number) {
  if (gone_) return;
  pid_t group = ::getpgid(pid_);
  if (group <= 0 || group == ::getpgrp() || ::kill(-group, signal_number) < 0) signal(signal_number);
}

void WatchedChild::on_stop(std::function<void()> stopped) {
  stopped_ = std::move(stopped);
  if (!stopped_) {
    children_.stoppable_.erase(this);
    return;
  }
  children_.stoppable_.insert(this);
  check_stopped();
}

Children::Children(base::EventLoop& loop)
    : loop_{loop}, sweep_soon_{loop, [this] { sweep(); }}, signal_{loop, SIGCHLD, [this] { child_changed(); }} {}

void Children::child_changed() {
  for (WatchedChild* child : std::vector(stoppable_.begin(), stoppable_.end()))
    if (stoppable_.contains(child)) child->check_stopped();
  if (!witnesses_.empty()) sweep();
  else if (!sweep_soon_.active()) sweep_soon_.start(sweep_delay);
}

void Children::sweep() {
  int reaped = 0;
  while (reaped < most_per_sweep && reap_one()) ++reaped;
  if (reaped > 0 && swept_) swept_();
  if (reaped == most_per_sweep) sweep_soon_.start(std::chrono::milliseconds{0});
}

bool Children::reap_one() {
  siginfo_t info{};
  if (::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid == 0) return false;
  pid_t pid = info.si_pid;
  if (auto known = watched_.find(pid); known != watched_.end()) {
    known->second->check();
    return true;
  }
  for (Witness* witness : std::vector(witnesses_.begin(), witnesses_.end()))
    if (witnesses_.contains(witness)) witness->orphan_ended_(pid);
  if (!watched_.contains(pid)) ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG);
  return true;
}

Children::Witness::Witness(Children& children, std::function<void(pid_t)> orphan_ended)
    : children_{children}, orphan_ended_{std::move(orphan_ended)} {
  children_.witnesses_.insert(this);
}

Children::Witness::~Witness() { children_.witnesses_.erase(this); }

} // namespace upstart::supervisor
