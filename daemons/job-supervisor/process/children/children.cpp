#include "daemons/job-supervisor/process/children/children.hpp"

#include "daemons/base/fault-point.hpp"
#include "daemons/base/guards/input-count.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <iterator>
#include <set>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace upstart::supervisor {

namespace {

constexpr std::chrono::milliseconds sweep_delay{100};
constexpr int most_per_sweep = 256;
constexpr std::chrono::milliseconds between_looks{50};
constexpr std::chrono::milliseconds between_tries{250};         // to watch one for which no descriptor was to be had
constexpr int most_looks_in_vain = 6;                           // after which nobody will tell how a process ended
constexpr std::chrono::milliseconds longest_wait_for_init{500}; // it has written before this process was started
constexpr std::size_t most_told = 4096;
constexpr pid_t system_init = 1; // has those of a session whose init died, too

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

// What Linux tells of a process by its pidfd, in its first form (6.13; the status of one that was reaped: 6.15).
struct PidfdInfo {
  std::uint64_t mask;
  std::uint64_t control_group;
  std::uint32_t pid, thread_group, parent;
  std::array<std::uint32_t, 8> users_and_groups;
  std::int32_t wait_status;
};
static_assert(sizeof(PidfdInfo) == 64);
constexpr std::uint64_t tells_end = 1 << 3;
constexpr unsigned long pidfd_get_info = _IOWR(0xFF, 11, PidfdInfo);

// Nothing where the kernel does not tell, and while it has not been reaped.
std::optional<int> wait_status_from_kernel(int pidfd) {
  PidfdInfo info{};
  info.mask = tells_end;
  if (pidfd < 0 || ::ioctl(pidfd, pidfd_get_info, &info) < 0 || (info.mask & tells_end) == 0) return std::nullopt;
  return info.wait_status;
}

} // namespace

WatchedChild::WatchedChild(Children& children, const ProcessId& id, base::FileDescriptor pidfd,
                           std::function<void(int)> ended, Parent parent)
    : children_{children}, process_{id, std::move(pidfd), parent == Parent::this_process}, ended_{std::move(ended)} {
  children_.watched_.insert_or_assign(id.pid, this); // another of that number has gone
  begin_watch();
}

void WatchedChild::begin_watch() {
  int error = process_.open();
  if (error == ESRCH && !process_.is_child()) ending_ = true;
  is_watched_ = error == 0 && children_.exits_.add(process_.pidfd(), pid()) == 0;
  if (!is_watched_) look_repeatedly();
}

WatchedChild::~WatchedChild() {
  if (auto known = children_.watched_.find(pid()); known != children_.watched_.end() && known->second == this)
    children_.watched_.erase(known);
  children_.stoppable_.erase(this);
}

// Its end is written down before it is reaped: afterwards nobody else could tell.
void WatchedChild::check() {
  siginfo_t info{};
  if (process_.wait(info, WEXITED | WNOWAIT) < 0) {
    if (errno == ECHILD) check_adopted();
    return;
  }
  if (info.si_pid == 0) return children_.exits_.await_end(process_.pidfd(), pid());
  children_.ends_.add(id(), wait_status(info));
  base::fault_point("child.ended");
  siginfo_t reaped{};
  process_.wait(reaped, WEXITED);
  base::fault_point("child.reaped");
  finish(wait_status(info));
}

std::optional<int> WatchedChild::status_of_adopted() const {
  if (auto status = wait_status_from_kernel(process_.pidfd())) return status;
  if (auto status = children_.take_told(id())) return status;
  return children_.ends_.wait_status_of(id());
}

// What is told may be the end of another process that had its number. Once it has ended, whoever is its parent reaps
// it, and then it can be told how.
void WatchedChild::check_adopted() {
  if (!process_.has_ended()) return children_.exits_.await_end(process_.pidfd(), pid());
  ending_ = true;
  if (process_.exists()) children_.exits_.await_reaping(process_.pidfd(), pid());
  look();
}

void WatchedChild::look_repeatedly() {
  if (!looks_) looks_ = std::make_unique<base::Timer>(children_.loop(), [this] { look(); });
  if (looks_->active()) return;
  if (ending_ && process_.pidfd() < 0 && looks_in_vain_ == 0) looks_->start(std::chrono::milliseconds{0});
  else looks_->start(ending_ || stopped_ ? between_looks : between_tries);
}

// At one that has ended or may have stopped, and is not a child; and at one that is not watched.
void WatchedChild::look() {
  if (!ending_ && !is_watched_) begin_watch();
  if (!ending_) {
    if (auto facts = stopped_ ? facts_of(pid()) : std::nullopt; facts && facts->state == 'T') {
      auto stopped = *stopped_;
      return stopped();
    }
    if (stopped_) look_repeatedly();
    if (!is_watched_) check(); // may destroy this
    return;
  }
  if (auto status = status_of_adopted()) return finish(*status);
  auto facts = process_.exists() ? facts_of(pid()) : std::nullopt;
  // The child of another process, which may reap it in a moment, and may never do so.
  bool is_of_another = facts && !children_.takes_orphans(facts->parent);
  bool nobody_will_tell = (!process_.exists() || is_of_another) && ++looks_in_vain_ > most_looks_in_vain;
  if (!nobody_will_tell) return look_repeatedly();
  end_is_unknown_ = true;
  finish(unknown_wait_status);
}

void WatchedChild::check_stopped() {
  siginfo_t info{};
  if (process_.wait(info, WSTOPPED) < 0) {
    if (errno == ECHILD) look_repeatedly();
    return;
  }
  if (info.si_pid == 0) return;
  auto stopped = *stopped_;
  stopped();
}

void WatchedChild::finish(int status) {
  gone_ = true;
  if (ending_) children_.adopted_ended(id());
  if (auto known = children_.watched_.find(pid()); known != children_.watched_.end() && known->second == this)
    children_.watched_.erase(known);
  if (looks_) looks_->stop();
  auto ended = std::move(ended_);
  ended(status); // may destroy this
}

void WatchedChild::signal(int signal_number) {
  if (!gone_) process_.signal(signal_number);
}

// One that was adopted may have been reaped, and its number given to another process. A child's number is its own until
// it is reaped here.
pid_t WatchedChild::process_group() const {
  if (gone_ || (!process_.is_child() && !process_.exists())) return 0;
  return std::max(::getpgid(pid()), 0);
}

void WatchedChild::signal_group(pid_t group, int signal_number) {
  static const pid_t own_group = ::getpgrp();
  if (group <= 0 || group == own_group || ::kill(-group, signal_number) < 0) signal(signal_number);
}

void WatchedChild::on_stop(std::function<void()> stopped) {
  if (!stopped) {
    stopped_.reset();
    children_.stoppable_.erase(this);
    return;
  }
  stopped_.edit() = std::move(stopped);
  children_.stoppable_.insert(this);
  check_stopped();
}

Children::Children(base::EventLoop& loop, const std::string& ends_path, pid_t init)
    : loop_{loop},
      init_{init > 0 ? init : ::getppid()},
      ends_{ends_path},
      sweep_soon_{loop, [this] { sweep(); }},
      exits_{loop, {.ended = [this](pid_t pid) { has_ended(pid); }, .child_changed = [this] { child_changed(); }}} {}

void Children::has_ended(pid_t pid) {
  if (auto known = watched_.find(pid); known != watched_.end()) known->second->check();
}

void Children::inherit(base::FileDescriptor orphan_exits) {
  orphan_exits_.emplace(std::move(orphan_exits));
  std::ranges::move(orphan_exits_->read_kept(longest_wait_for_init).exits, std::back_inserter(told_));
  orphan_exits_->watch(loop_, [this](const base::OrphanExit& exit) { orphan_ended(exit); });
}

std::vector<pid_t> Children::orphans() const {
  auto pids = children_of(::getpid());
  if (adopts_) {
    for (pid_t other : std::set{init_, system_init}) std::ranges::copy(children_of(other), std::back_inserter(pids));
    std::erase(pids, ::getpid());
  }
  std::erase_if(pids, [this](pid_t pid) { return is_watched(pid); });
  return pids;
}

bool Children::takes_orphans(pid_t parent) const {
  return parent == ::getpid() || (adopts_ && (parent == init_ || parent == system_init));
}

std::optional<int> Children::take_told(const ProcessId& id) {
  auto found =
      std::ranges::find_if(told_, [&](const base::OrphanExit& exit) { return id.is(exit.pid, exit.start_ticks); });
  if (found == told_.end()) return std::nullopt;
  int status = found->status;
  told_.erase(found);
  return status;
}

// Told by init, which has reaped it.
void Children::orphan_ended(const base::OrphanExit& exit) {
  if (!adopts_) return;
  if (auto done = std::ranges::find_if(ended_, [&](const ProcessId& id) { return id.is(exit.pid, exit.start_ticks); });
      done != ended_.end()) {
    ended_.erase(done);
    return;
  }
  if (told_.size() == most_told) told_.pop_front();
  told_.push_back(exit);
  if (auto known = watched_.find(exit.pid);
      known != watched_.end() && known->second->id().is(exit.pid, exit.start_ticks))
    return known->second->look();
  tell_witnesses({.pid = exit.pid,
                  .parent = init_,
                  .group = exit.session,
                  .session = exit.session,
                  .state = 'Z',
                  .started = exit.start_ticks});
  if (swept_) swept_();
}

bool Children::is_watched(const base::OrphanExit& exit) const {
  auto known = watched_.find(exit.pid);
  return known != watched_.end() && known->second->id().is(exit.pid, exit.start_ticks);
}

// Init may tell of it before or after the kernel did.
void Children::adopted_ended(const ProcessId& id) {
  if (take_told(id)) return;
  if (ended_.size() == most_told) ended_.pop_front();
  ended_.push_back(id);
}

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
  auto is_watched_child = [&] {
    auto known = watched_.find(pid);
    return known != watched_.end() && known->second->process_.is_ended_child();
  };
  if (is_watched_child()) {
    base::InputCount::note(); // it may have ended after whatever has set this off
    watched_.find(pid)->second->check();
    return true;
  }
  if (!witnesses_.empty())
    if (auto facts = facts_of(pid)) tell_witnesses(*facts);
  if (!is_watched_child()) ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG);
  return true;
}

void Children::tell_witnesses(const ProcessFacts& orphan) {
  for (Witness* witness : std::vector(witnesses_.begin(), witnesses_.end()))
    if (witnesses_.contains(witness)) witness->orphan_ended_(orphan);
}

Children::Witness::Witness(Children& children, OrphanEnded orphan_ended)
    : children_{children}, orphan_ended_{std::move(orphan_ended)} {
  children_.witnesses_.insert(this);
}

Children::Witness::~Witness() { children_.witnesses_.erase(this); }

} // namespace upstart::supervisor
